"""Signals of many trials at once: what lasts from one event to the next, and one shape that begins at another step in each trial.

Of many trials both are written in compiled code, in one pass over the array; of few by NumPy, which defines what that has to give.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from neurorec.formula.cache import package
from neurorec.formula.once import once
from neurorec.random_numbers.together import FEW


def lasting(onset: np.ndarray, value: np.ndarray, steps: int, longest: int, rest: float = 0.0) -> np.ndarray:
    """Values that last until the next one begins.

    Parameters
    ----------
    onset : (events, B, ...) array of int
        Steps at which the events of each trial begin, in their order; the first at step 0, later than `steps`: never.
    value : (events, B, ...) array
        Of each event.
    steps, longest : int
        Length of the signal; and for how many steps a value lasts at most, after which there is `rest`.

    Returns
    -------
    (steps, B, ...) array
    """
    lines = onset.reshape(len(onset), -1), np.asarray(value, float).reshape(len(onset), -1)
    out = np.empty((steps, lines[0].shape[1]))
    (loops().lasting if onset.shape[1] > FEW else _lasting)(*lines, longest, rest, out)
    return out.reshape(steps, *onset.shape[1:])


def windows(shape: np.ndarray, start: np.ndarray, steps: int) -> np.ndarray:
    """Of a longer signal (K,) the part of each trial, from its ``start (B,)`` on, (steps, B)."""
    out = np.empty((steps, len(start)))
    (loops().windows if len(start) > FEW else _windows)(shape, start, out)
    return out


def _lasting(onset: np.ndarray, value: np.ndarray, longest: int, rest: float, out: np.ndarray) -> None:
    step = np.arange(len(out))
    for line, (begins, values) in enumerate(zip(onset.T, value.T, strict=True)):
        latest = begins.searchsorted(step, side="right") - 1
        out[:, line] = np.where(step - begins[latest] < longest, values[latest], rest)


def _windows(shape: np.ndarray, start: np.ndarray, out: np.ndarray) -> None:
    out.T[:] = sliding_window_view(shape, len(out))[start]


@once(1)
def loops() -> ModuleType:
    """The compiled loops, in a package of its own; Numba is imported there."""
    return package({"signals_loop": Path(__file__).with_name("signals_loop.py").read_text(encoding="utf-8")}).signals_loop
