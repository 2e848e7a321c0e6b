"""Signals of many trials at once: what lasts from one event to the next, and one shape that begins at another step in each trial.

Long ones are written in compiled code, in one pass over the array; others by NumPy, which defines what that has to give.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from neurorec.formula.cache import package
from neurorec.formula.once import once

LONG = 2**15  # numbers, over all trials, from which on to load compiled code is worth it


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
    (loops().lasting if out.size >= LONG else _lasting)(*lines, longest, rest, out)
    return out.reshape(steps, *onset.shape[1:])


def windows(shape: np.ndarray, start: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Of a longer signal (K,) the part of each trial, from its ``start (B,)`` on, and what all have ``beside (steps,)`` it, (steps, B)."""
    out = np.empty((len(beside), len(start)))
    (loops().windows if out.size >= LONG else _windows)(shape, start, beside, out)
    return out


def _lasting(onset: np.ndarray, value: np.ndarray, longest: int, rest: float, out: np.ndarray) -> None:
    step, latest = np.arange(len(out))[:, None], np.zeros(out.shape, int)  # the first event is at step 0
    for begins in onset[1:]:
        latest += begins <= step
    since = step - np.take_along_axis(onset, latest, axis=0)
    out[:] = np.where(since < longest, np.take_along_axis(value, latest, axis=0), rest)


def _windows(shape: np.ndarray, start: np.ndarray, beside: np.ndarray, out: np.ndarray) -> None:
    out.T[:] = sliding_window_view(shape, len(out))[start] + beside


@once(1)
def loops() -> ModuleType:
    """The compiled loops, in a package of its own; Numba is imported there."""
    return package({"signals_loop": Path(__file__).with_name("signals_loop.py").read_text(encoding="utf-8")}).signals_loop
