"""A network's fields: checked, and with the cell's defaults in the place of those left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurorec.arrays import number, positive, real_array
from neurorec.discovery import class_of, name_of
from neurorec.errors import NotOffered, ShapeError, ValueRefused, expect_known
from neurorec.formula.derive import Formula
from neurorec.networks.cell_with_filter import defaults_of, formula_of
from neurorec.networks.cells.base import AbstractCell
from neurorec.networks.filters.base import AbstractFilter
from neurorec.networks.free_parameters import checked_free
from neurorec.networks.pattern import checked_sparse, is_sparse

CLASSES = {
    "cell": "cells",
    "filter": "filters",
    "parametrisation": "parametrisations",
    "surrogate": "surrogates",
}  # fields that name a class, and its kind
AROUND = ("readout_tau", "activity_cost", "activity_target")  # numbers of what is around the recurrence; zero: there is none
WEIGHTS = ("recurrent", "input", "bias", "readout", "feedback")

Cell = type[AbstractCell]
Filter = type[AbstractFilter] | None


def checked_fields(passed: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of a `Network`, from the values it was constructed with; arrays are read-only.

    Raises
    ------
    ShapeError, ValueRefused, UnknownName, NotOffered
        Each says what was expected and the way out.
    """
    classes = {kind: None if passed[name] is None else class_of(kind, passed[name]) for name, kind in CLASSES.items()}
    cell: Any = classes["cells"]
    filter: Any = classes["filters"]
    dt, plastic = positive("dt", passed["dt"], "seconds"), checked_plastic(passed["plastic"], cell, filter, passed["bias"] is not None)
    formula = formula_of(cell, filter, tuple(name for name in plastic if name not in WEIGHTS), classes["surrogates"])
    units = count_units(passed["recurrent"], formula, name_of(cell))
    weights = checked_weights(passed, formula, units)
    weights["initial"] = cell_initial(passed["initial"], cell, len(formula.states), units)
    free, weights["recurrent"] = checked_free(
        passed["parametrisation"], passed["free"] or {}, weights, own_names=(*weights, *formula.parameters)
    )
    for array in (*weights.values(), *free.values()):
        if not is_sparse(array):  # which is read-only already
            array.setflags(write=False)
    parameters = checked_parameters(passed["parameters"], cell, filter, units, dt, plastic)
    names = {name: None if classes[kind] is None else name_of(classes[kind]) for name, kind in CLASSES.items()}
    return {
        **weights, **names, "free": free, "parameters": parameters, "dt": dt, "plastic": plastic, "formula": formula,
        "noise": number("noise", passed["noise"], 0), **checked_around(passed, dt), "_classes": classes, "_units": units,
    }  # fmt: skip


def checked_around(passed: Mapping[str, Any], dt: float) -> dict[str, float]:
    """Numbers of the readout filter and of the cost of activity.

    Raises
    ------
    ValueRefused
        If one is negative, or the filter is faster than a step.
    """
    found = {name: number(name, passed[name], -np.inf if name == "activity_target" else 0) for name in AROUND}
    if 0 < found["readout_tau"] <= dt:
        raise ValueRefused(
            f"readout_tau = {found['readout_tau']:g} s is not longer than the time step dt = {dt:g} s; choose 0 for no filter, or a longer one"
        )
    return found


def expect_nothing_around(numbers: Mapping[str, float]) -> None:
    """Refuse, where weights are to change at every step, what is around the recurrence.

    Raises
    ------
    NotOffered
        If there is something.
    """
    for what in ("readout_tau", "activity_cost"):
        if numbers[what]:
            raise NotOffered(
                f"this network has {what} = {numbers[what]:g}, whose error is known when a trial is over; use update='trial', "
                f"or network.replace({what}=0)"
            )


def checked_names(plastic: Any, known: Sequence[str]) -> tuple[str, ...]:
    """The plastic weights in the order of those that are `known`.

    Raises
    ------
    ValueRefused
        If one is not known.
    """
    if isinstance(plastic, Mapping):
        raise ValueRefused(
            "plastic of a network is names, such as ('recurrent', 'readout'), got a mapping; which synapses of a weight change is said "
            "to a training: nr.train(network, task, plastic={'recurrent': mask})"
        )
    expect_known("plastic weight", dict.fromkeys(plastic), known)
    return tuple(name for name in known if name in plastic)


def checked_plastic(plastic: Any, cell: Cell, filter: Filter, has_bias: bool) -> tuple[str, ...]:
    """What training changes; by default the weights, the cell's plastic parameters, and a bias that was given or that such cells usually have."""
    if plastic is None:
        bias = ("bias",) if has_bias or cell.biased else ()
        return ("recurrent", "input", "readout", *bias, *cell.plastic)
    return checked_names(plastic, ("recurrent", "input", "readout", "bias", *defaults_of(cell, filter)))


def count_units(recurrent: Any, formula: Formula, cell: str) -> int:
    """Number of units N, by the columns of `recurrent`.

    Raises
    ------
    ShapeError
        If it is no matrix, or not of as many columns as the cell has outputs, or a multiple.
    """
    shape, outputs = recurrent.shape if is_sparse(recurrent) else np.shape(recurrent), len(formula.emitted)
    if len(shape) != 2 or shape[1] == 0 or shape[1] % outputs:
        raise ShapeError(
            f"recurrent must have shape (D N, K N) with at least one unit, got {shape}; {cell} has D={formula.n_drives}, K={outputs}"
        )
    return shape[1] // outputs


def checked_weights(passed: Mapping[str, Any], formula: Formula, units: int) -> dict[str, np.ndarray]:
    """The weights of a network of cells as float64 arrays, with defaults for feedback and bias."""
    rows, columns = formula.n_drives * units, len(formula.emitted) * units
    check = checked_sparse if is_sparse(passed["recurrent"]) else real_array
    recurrent: Any = check("recurrent", passed["recurrent"], (rows, columns), "weights are (post, pre), one block of rows a drive")
    readout = real_array("readout", passed["readout"], (-1, columns), "one column a unit's output")
    bias = np.zeros(rows) if passed["bias"] is None else passed["bias"]
    return {
        "recurrent": recurrent,
        "input": real_array("input", passed["input"], (rows, -1), "weights are (post, pre); pass input.T if it is (pre, post)"),
        "readout": readout,
        "feedback": checked_feedback(passed["feedback"], readout),
        "bias": real_array("bias", bias, (rows,)),
    }


def checked_feedback(feedback: Any, readout: np.ndarray) -> np.ndarray:
    """The feedback weights, by default the readout's transpose; an array of their own."""
    value = readout.T if feedback is None else feedback
    return real_array("feedback", value, readout.shape[::-1], "it is (units, outputs); pass feedback.T if it is (outputs, units)").copy()


def checked_initial(initial: Any, states: int, units: int) -> np.ndarray:
    """The state before the first step, (k N,)."""
    return real_array("initial", initial, (states * units,), "one value a unit and state, states stacked")


def cell_initial(initial: Any, cell: Cell, states: int, units: int) -> np.ndarray:
    """The same of a cell with its filter, from one value for all, one for each of the cell's states, or all; None: the cell's own."""
    value: Any = cell.initial if initial is None else initial
    if isinstance(value, tuple) and len(value) <= states:
        value = np.repeat([*value, *[0.0] * (states - len(value))], units)
    elif np.ndim(value) == 0:
        own = len(cell.states)  # filters start at rest
        value = np.repeat([float(np.asarray(value))] * own + [0.0] * (states - own), units)
    return checked_initial(value, states, units)


def checked_parameters(
    values: Mapping[str, Any] | None, cell: Cell, filter: Filter, units: int, dt: float, plastic: Sequence[str]
) -> dict[str, float | np.ndarray]:
    """Every parameter of a cell and its filter: a number, or one a unit.

    Raises
    ------
    ShapeError, ValueRefused
        If there is no such parameter, a time constant is shorter than `dt`, or one is out of its range.
    """
    expect_known(f"parameter of {name_of(cell)}", values or {}, list(defaults_of(cell, filter)))
    checked = {name: _per_unit(name, (values or {}).get(name, default), units) for name, default in defaults_of(cell, filter).items()}
    for name, value in checked.items():
        if name not in plastic:
            _expect_range(name, value, cell, filter)
            _expect_whole_steps(name, value, cell, dt)
        if name.startswith("tau"):
            _expect_slower(name, float(np.min(value)), dt, cell, filter)
    return checked


def _per_unit(name: str, value: Any, units: int) -> float | np.ndarray:
    array = real_array(name, value)
    return float(array) if array.ndim == 0 else real_array(name, array, (units,), "one value a unit")


def _expect_range(name: str, value: float | np.ndarray, cell: Cell, filter: Filter) -> None:
    owner: Any = cell if name in cell.parameters else filter
    of = f"{name} of the {'cell' if owner is cell else 'filter'} {name_of(owner)}"
    if owner is cell and name in cell.positive and not np.min(value) > 0:
        raise ValueRefused(f"{of} must be positive, got {np.min(value):g}")
    least, most = owner.ranges.get(name, (-np.inf, np.inf))
    if not (least <= np.min(value) and np.max(value) <= most):
        bounds = f"from {least:g}" if most == np.inf else f"from {least:g} to {most:g}"
        raise ValueRefused(f"{of} must lie {bounds}, got {value}")


def _expect_slower(name: str, value: float, dt: float, cell: Cell, filter: Filter) -> None:
    decays = name in (*cell.decays, *(filter.decays if filter else ()))
    if value < dt or (decays and value == dt):
        least, than = ("dt <", "not longer") if decays else ("dt <=", "shorter")
        raise ValueRefused(
            f"{name} = {value:g} s is {than} than the time step dt = {dt:g} s; choose {least} {name}, for accuracy dt <= {name} / 5"
        )


def _expect_whole_steps(name: str, value: float | np.ndarray, cell: Cell, dt: float) -> None:
    if name in cell.whole_steps:
        steps = np.ravel(value) / dt
        if off := [float(each) for each in np.ravel(value)[np.abs(steps - np.round(steps)) > 1e-6]]:
            least = dt * max(1, round(off[0] / dt))
            raise ValueRefused(
                f"{name} = {off[0]:g} s is no whole number of time steps of dt = {dt:g} s; choose {least:g} s, 0 for none, or another dt"
            )
