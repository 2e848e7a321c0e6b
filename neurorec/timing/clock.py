"""The clock: jobs in turn, A B A B, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np


class Spread(NamedTuple):
    """Median and quartiles of repeated measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: np.ndarray) -> Spread:
        """Of (repeats,) values."""
        return cls(*(float(q) for q in np.quantile(values, (0.5, 0.25, 0.75))))


def side_by_side(jobs: Mapping[str, Callable[[], Any]], repeats: int = 9, window: float = 0.005) -> dict[str, np.ndarray]:
    """Time some jobs in turn.

    Parameters
    ----------
    jobs : mapping of str to callable
        Each does the same work at every call. The first call, which may compile, is not counted.
    repeats : int
        Rounds of all jobs.
    window : float
        Least seconds of one measurement: a short job is called as often as it takes; 0: once, however short.

    Returns
    -------
    dict of str to (repeats,) array
        Seconds a call, in the order of the rounds.
    """
    calls = {name: _calls(job, window) for name, job in jobs.items()}
    taken = {name: np.empty(repeats) for name in jobs}
    for k in range(repeats):
        for name, job in jobs.items():
            taken[name][k] = _seconds(job, calls[name])
    return taken


def ratio(floor: np.ndarray, taken: np.ndarray) -> Spread:
    """Fraction of the ceiling that was reached: floor over time, round by round."""
    return Spread.of(floor / taken)


def _calls(job: Callable[[], Any], window: float) -> int:
    """How many calls fill the window; the best of three, as the first may meet cold caches."""
    job()
    if window == 0:
        return 1
    once = min(_seconds(job, 1) for _ in range(3))
    return max(1, int(np.ceil(window / max(once, 1e-7))))


def _seconds(job: Callable[[], Any], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        job()
    return (time.perf_counter() - start) / calls
