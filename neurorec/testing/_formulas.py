"""Laws of the functions that are derived from a formula: they are its derivatives, by central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurorec.formula.unit import constants_of, for_numpy
from neurorec.networks.cell_with_filter import defaults_of, formula_of
from neurorec.testing._laws import hold

TRIALS, UNITS, DT = 2, 6, 0.02


def check_derivatives(of: object, cell: Any, filter: Any = None) -> None:
    """Of a cell, alone or with a filter before it, at random states, drives and parameters."""
    defaults = defaults_of(cell, filter)
    formula, rng = formula_of(cell, filter, tuple(defaults)), np.random.default_rng(0)
    values = np.array([np.full(UNITS, value) + 0.05 for value in defaults.values()]).reshape(len(defaults), UNITS)
    states, drives = (rng.normal(size=(len(names), TRIALS, UNITS)) for names in (formula.states, formula.ports))
    hold(len(formula.new) == len(formula.states), of, f"step gives one expression for each of {formula.states}", formula.new)

    def stepped(s: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        new = np.empty_like(s)
        for_numpy(formula).step(s, u, constants_of(formula, v, DT), new)
        return new

    by = (
        _slopes(lambda s: stepped(s, drives, values), states, len(states)),
        _slopes(lambda u: stepped(states, u, values), drives, len(states)),
        _slopes(lambda v: stepped(states, drives, v), values, len(states)),
    )
    _check_parts(of, formula, (states, drives, values), by)
    _check_pull(of, formula, (states, drives, values), by)


def _slopes(function: Callable[[np.ndarray], np.ndarray], array: np.ndarray, rows: int, width: float = 1e-6) -> np.ndarray:
    """Derivative of every row of the result by every row of the array, elementwise."""
    found = np.zeros((rows, len(array), TRIALS, UNITS))
    for row in range(len(array)):
        moved = [array.copy(), array.copy()]
        moved[0][row] += width
        moved[1][row] -= width
        found[:, row] = (function(moved[0]) - function(moved[1])) / (2 * width)
    return found


def _check_parts(of: object, formula: Any, at: tuple[np.ndarray, ...], by: tuple[np.ndarray, ...]) -> None:
    shapes = [formula.decay.shape, formula.slope.shape, formula.partial.shape]
    parts = [np.empty((rows * columns, TRIALS, UNITS)) for rows, columns in shapes]
    for_numpy(formula).jacobian(at[0], at[1], constants_of(formula, at[2], DT), *parts)
    for name, part, shape, slope in zip(("states", "drives", "parameters"), parts, shapes, by, strict=True):
        apart = np.abs(part.reshape(*shape, TRIALS, UNITS) - slope).max(initial=0)
        hold(apart < 1e-7, of, f"what is derived is the derivative of step by its {name}, to 1e-7", f"{apart:.1e}")


def _check_pull(of: object, formula: Any, at: tuple[np.ndarray, ...], by: tuple[np.ndarray, ...]) -> None:
    adjoint = np.random.default_rng(1).normal(size=at[0].shape)
    back = [np.empty((len(array), TRIALS, UNITS)) for array in at]
    for_numpy(formula).pull(at[0], at[1], adjoint, constants_of(formula, at[2], DT), *back)
    for name, found, slope in zip(("states", "drives", "parameters"), back, by, strict=True):
        apart = np.abs(found - np.einsum("jlbn,jbn->lbn", slope, adjoint)).max(initial=0)
        hold(apart < 1e-6, of, f"an adjoint is pulled back to its {name} by the transposed derivative, to 1e-6", f"{apart:.1e}")
