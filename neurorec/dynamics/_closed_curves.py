"""Closed curves that several starts end on, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

SAME = 1e-6  # of two paces, relative
Closed = TypeVar("Closed")


def merged(
    curves: Iterable[Closed], pace: Callable[[Closed], float], states: Callable[[Closed], np.ndarray]
) -> tuple[list[Closed], list[int]]:
    """Each curve once, in the order of its pace, and how many were the same.

    Two are the same that have one pace, and of which a state of one lies between two of the other.

    Parameters
    ----------
    curves : iterable
    pace : callable
        A curve's period; or, for the order of periods, minus its rotation a step.
    states : callable
        Its states, one after another, (nodes, N).
    """
    different: list[Closed] = []
    counts: list[int] = []
    for curve in sorted(curves, key=lambda each: (round(pace(each), 8), *np.round(states(each).mean(axis=0), 6))):
        same = [k for k, each in enumerate(different) if _alike(pace(each), pace(curve)) and _meet(states(each), states(curve))]
        if same:
            counts[same[0]] += 1
        else:
            different.append(curve)
            counts.append(1)
    return different, counts


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * abs(one)


def _meet(one: np.ndarray, other: np.ndarray) -> bool:
    apart = np.linalg.norm(one - other[0], axis=1).min()
    spacing = np.linalg.norm(np.diff(one, axis=0), axis=1).max()
    return bool(apart <= spacing)
