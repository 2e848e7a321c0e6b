"""Laws of a word of formulas."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from neurorec.discovery import class_of
from neurorec.formula.derive import derive
from neurorec.formula.once import once
from neurorec.formula.unit import PRECISION, for_numpy, for_torch
from neurorec.testing._laws import close, documented, hold

POINTS = np.array([-2.3, -0.7, -0.01, 0.02, 0.6, 1.9])  # jumps and kinks are taken to lie at 0
DIGITS = {"float32": 2e-6, "float64": 1e-12}


def check_word(word: Any) -> None:
    """Hold a word to its laws: the same values from arrays, tensors and compiled loops, and the same slope.

    Its slope is its derivative, unless it says that it is not `exact`; autograd goes back by that slope. Where it has no value, which is
    NaN, it has none in any engine.

    Parameters
    ----------
    word : class, or its name
        Derived from `neurorec.AbstractWord`.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    cls: Any = class_of("words", word)
    documented(cls)
    values, slopes = _values(cls), _slopes(cls)
    if cls.exact:
        moved = (_values(cls, POINTS + 1e-6) - _values(cls, POINTS - 1e-6)) / 2e-6
        hold(np.allclose(slopes, moved, atol=1e-8, equal_nan=True), cls, "its slope is its derivative, or exact = False", slopes - moved)
    for dtype, digits in DIGITS.items():
        _check_arrays(cls, dtype, values, digits)
        _check_compiled(cls, dtype, values, digits)
    _check_tensors(cls, values, slopes)


def _formula(word: Any) -> Any:
    """Of a unit that is nothing but the word of its drive."""
    return derive(lambda h, u: word(u), None, ("h",), ("u",), (), (), "Word")  # noqa: ARG005 - a unit has a state


def _values(word: Any, points: np.ndarray = POINTS) -> np.ndarray:
    new = np.empty((1, 1, points.size))
    for_numpy(_formula(word)).step(np.zeros_like(new), points.reshape(new.shape), np.empty((0, points.size)), new)
    return new.ravel()


def _slopes(word: Any) -> np.ndarray:
    decay, slope, partial = (np.empty((rows, 1, POINTS.size)) for rows in (1, 1, 0))
    for_numpy(_formula(word)).jacobian(np.zeros_like(slope), POINTS.reshape(slope.shape), np.empty((0, POINTS.size)), decay, slope, partial)
    return slope.ravel()


def _check_arrays(word: Any, dtype: str, values: np.ndarray, digits: float) -> None:
    found = word.on_arrays(POINTS.astype(dtype))
    hold(found.dtype == dtype, word, f"on_arrays of {dtype} is {dtype}", found.dtype)
    close(np.nan_to_num(found), np.nan_to_num(values), digits, word, f"on_arrays has its values in {dtype}")


def _check_compiled(word: Any, dtype: str, values: np.ndarray, digits: float) -> None:
    from neurorec.engines.numba.compile import unit_table

    shape, new = (1, 1, POINTS.size), np.empty((1, 1, POINTS.size), dtype)
    table = unit_table(_formula(word), dtype, ("step",))
    _loop()(table, np.zeros(shape, dtype), POINTS.astype(dtype).reshape(shape), np.empty((0, POINTS.size), dtype), new)
    close(
        np.nan_to_num(new.ravel()), np.nan_to_num(values), digits, word, f"compiled has its values in {dtype}, which is {PRECISION[dtype]}"
    )


@once(1)
def _loop() -> Any:
    """What calls a unit's function as time loops do."""
    import numba

    from neurorec.formula import calls

    @numba.njit
    def step(unit, states, drives, constants, new):
        calls.step(unit, states, drives, constants, new, 0, states.shape[1])

    return step


def _check_tensors(word: Any, values: np.ndarray, slopes: np.ndarray) -> None:
    torch = import_module("torch")
    points = torch.tensor(POINTS, requires_grad=True)
    new = [None]
    for_torch(_formula(word)).step([torch.zeros_like(points)], [points], [], new)
    found: Any = new[0]
    close(np.nan_to_num(found.detach().numpy()), np.nan_to_num(values), 1e-12, word, "on_tensors has its values")
    if found.requires_grad:
        found.sum().backward()
    back = np.zeros_like(POINTS) if points.grad is None else points.grad.numpy()
    close(np.nan_to_num(back), np.nan_to_num(slopes), 1e-12, word, "autograd finds its slope")
