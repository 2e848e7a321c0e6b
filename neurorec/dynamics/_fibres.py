"""More roots from those that are known: along fibres F(x) - x = p c, which cross a root wherever p changes its sign.

Katz and Reggia (2017), doi:10.1109/TNNLS.2017.2733544: for networks of bounded units a fibre of a random direction c passes many roots,
often all. Fibres start from every root, in both directions.
"""

from __future__ import annotations

import numpy as np

from neurorec.dynamics._curves import AbstractCurve, Front, advance, front
from neurorec.dynamics._distinct import SAME
from neurorec.dynamics._map import AbstractMap
from neurorec.dynamics._roots import CONVERGED, ENTRIES, Clock, Problem, roots

STEPS = 3000  # of a fibre
BEYOND = 20.0  # times the size of known roots and of the first steps' p: where nothing comes any more
NEARLY = 1e-6  # on a fibre: roots where it passes are made exact by steps of their own
TOGETHER = 64  # fibres side by side


class Fibres(AbstractCurve):
    """F(x) - x - p c, each fibre with a direction of its own, (fibres, n)."""

    close = NEARLY

    def __init__(self, system: AbstractMap, directions: np.ndarray):
        self.system, self.directions = system, directions

    def residual(self, x: np.ndarray, p: np.ndarray, which: np.ndarray) -> np.ndarray:
        """As `AbstractCurve.residual`."""
        return self.system.step(x) - x - p[:, None] * self.directions[which]

    def derivatives(self, x: np.ndarray, p: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `AbstractCurve.derivatives`."""
        return self.system.jacobian(x) - np.eye(x.shape[1]), -self.directions[which]


def from_roots(system: AbstractMap, known: np.ndarray, directions: np.ndarray, clock: Clock) -> np.ndarray:
    """Roots that fibres of each direction (fibres, n) pass, from every known root (roots, n), (more, n)."""
    ways, starts = np.tile(directions, (len(known), 1)), np.repeat(known, len(directions), axis=0)
    return _along(system, starts, ways, np.zeros(len(starts)), known, clock)


def from_anywhere(system: AbstractMap, states: np.ndarray, clock: Clock) -> np.ndarray:
    """Roots on the fibres of states that are none, F(x) - x = p c with c of length 1, (more, n)."""
    moves = system.step(states) - states
    speed = np.linalg.norm(moves, axis=1)
    return _along(system, states, moves / speed[:, None], speed, states[:0], clock)


def _along(
    system: AbstractMap, starts: np.ndarray, ways: np.ndarray, offsets: np.ndarray, homes: np.ndarray, clock: Clock
) -> np.ndarray:  # fmt: skip
    """From where p is an offset, in both directions; `homes` are roots from which fibres of every way begin."""
    signs = np.repeat([1.0, -1.0], len(starts))
    starts, ways, offsets = (np.concatenate([each, each]) for each in (starts, ways, offsets))
    size = max(2, min(TOGETHER, ENTRIES // max(1, (starts.shape[1] + 1) ** 2)))
    spans = [slice(first, first + size) for first in range(0, len(starts), size)]
    found = [
        _follow(system, front(Fibres(system, ways[span]), starts[span], offsets[span], signs[span]), ways[span], homes, clock)
        for span in spans
    ]
    return np.concatenate(found) if found else np.empty((0, starts.shape[1]))


def _follow(system: AbstractMap, at: Front, ways: np.ndarray, homes: np.ndarray, clock: Clock) -> np.ndarray:
    """Roots where p changes its sign; a fibre that comes to one of `homes` ends, as another of the same way has begun there."""
    curve, problem = Fibres(system, ways), Problem.fixed(system.step, system.jacobian, system.gradient)
    limit, passed = BEYOND * (1 + np.abs(at.z[:, :-1]).max(initial=0)), [at.z[:0, :-1]]
    for _ in range(STEPS):
        before = at.z.copy()
        moved = advance(curve, at, clock)
        if not moved.any():
            break
        crossed = np.flatnonzero(moved & (before[:, -1] * at.z[:, -1] < 0))
        if len(crossed):
            ended = roots(problem, _between(before[crossed], at.z[crossed]), clock)
            good = ended.status == CONVERGED
            at.alive[crossed[good]] &= ~_among(ended.x[good], homes)
            passed.append(ended.x[good])
        at.alive &= np.abs(at.z).max(axis=1) < limit
    return np.concatenate(passed)


def _between(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """States where p is 0, by interpolation."""
    share = before[:, -1] / (before[:, -1] - after[:, -1])
    return (before + share[:, None] * (after - before))[:, :-1]


def _among(x: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """Which rows are one of some roots, (rows,)."""
    if not len(homes):
        return np.zeros(len(x), bool)
    apart = np.linalg.norm(x[:, None] - homes, axis=2).min(axis=1)
    return apart <= SAME * np.maximum(1, np.linalg.norm(x, axis=1))
