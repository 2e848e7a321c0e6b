"""More roots from those that are known: along fibres F(x) - x = p c, which cross a root wherever p changes its sign.

Katz and Reggia (2017), doi:10.1109/TNNLS.2017.2733544: for networks of bounded units a fibre of a random direction c passes many roots,
often all. Fibres start from every root, in both directions.
"""

from __future__ import annotations

import numpy as np

from neurorec.dynamics._curves import AbstractCurve, advance, front
from neurorec.dynamics._map import AbstractMap
from neurorec.dynamics._roots import CONVERGED, ENTRIES, Clock, Problem, roots

STEPS = 3000  # of a fibre
BEYOND = 20.0  # times the size of known roots and of the first steps' p: where nothing comes any more
TOGETHER = 64  # fibres side by side


class Fibres(AbstractCurve):
    """F(x) - x - p c, each fibre with a direction of its own, (fibres, n)."""

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
    return _along(system, starts, ways, np.zeros(len(starts)), clock)


def from_anywhere(system: AbstractMap, states: np.ndarray, clock: Clock) -> np.ndarray:
    """Roots on the fibres of states that are none, F(x) - x = p c with c of length 1, (more, n)."""
    moves = system.step(states) - states
    speed = np.linalg.norm(moves, axis=1)
    return _along(system, states, moves / speed[:, None], speed, clock)


def _along(system: AbstractMap, starts: np.ndarray, ways: np.ndarray, offsets: np.ndarray, clock: Clock) -> np.ndarray:
    """From where p is an offset, in both directions."""
    signs = np.repeat([1.0, -1.0], len(starts))
    starts, ways, offsets = (np.concatenate([each, each]) for each in (starts, ways, offsets))
    size = max(2, min(TOGETHER, ENTRIES // max(1, (starts.shape[1] + 1) ** 2)))
    spans = [slice(first, first + size) for first in range(0, len(starts), size)]
    found = [_follow(system, starts[span], ways[span], offsets[span], signs[span], clock) for span in spans]
    guesses = np.concatenate(found) if found else np.empty((0, starts.shape[1]))
    if not len(guesses):
        return guesses
    ended = roots(Problem.fixed(system.step, system.jacobian, system.gradient), guesses, clock)
    return ended.x[ended.status == CONVERGED]


def _follow(
    system: AbstractMap, starts: np.ndarray, ways: np.ndarray, offsets: np.ndarray, signs: np.ndarray, clock: Clock
) -> np.ndarray:  # fmt: skip
    """Where p changes its sign, interpolated between two steps, (crossings, n)."""
    curve = Fibres(system, ways)
    at = front(curve, starts, offsets, signs)
    limit, crossings = BEYOND * (1 + np.abs(starts).max(initial=0)), []
    for _ in range(STEPS):
        before = at.z.copy()
        moved = advance(curve, at, clock)
        if not moved.any():
            break
        crossed = moved & (before[:, -1] * at.z[:, -1] < 0)
        share = before[crossed, -1] / (before[crossed, -1] - at.z[crossed, -1])
        crossings.append((before[crossed] + share[:, None] * (at.z[crossed] - before[crossed]))[:, :-1])
        at.alive &= np.abs(at.z).max(axis=1) < limit
    return np.concatenate(crossings) if crossings else np.empty((0, starts.shape[1]))
