"""More roots from those that are known: along fibres F(x) - x = p c, which cross a root wherever p changes its sign.

Katz and Reggia (2017), doi:10.1109/TNNLS.2017.2733544: for networks of bounded units a fibre of a random direction c passes many roots,
often all. Fibres start from every root, in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.dynamics._curves import TURN, AbstractCurve, Front, correct, front
from neurorec.dynamics._distinct import SAME
from neurorec.dynamics._map import AbstractMap
from neurorec.dynamics._roots import CONVERGED, ENTRIES, Clock, Problem, Tell, nobody, roots

STEPS = 3000  # corrections of a fibre
BEYOND = 20.0  # times the size of known roots and of the first steps' p: where nothing comes any more
NEARLY = 0.01  # on a fibre, before one more correction: roots where it passes are made exact by steps of their own
LOOKS = 8  # corrections between two looks at where fibres crossed p = 0
CIRCLE, LEAST = 0.7, 4  # in lengths of a step, and steps: a fibre that comes so close to where it was, and not just before
TOGETHER = 256  # fibres side by side


class Fibres(AbstractCurve):
    """F(x) - x - p c, each fibre with a direction of its own, (fibres, n)."""

    close = NEARLY

    def __init__(self, system: AbstractMap, directions: np.ndarray):
        self.system, self.directions = system, directions

    def linearised(self, x: np.ndarray, p: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `AbstractCurve.linearised`."""
        ways, (moved, jacobians) = self.directions[which], self.system.linearised(x)
        np.einsum("bnn->bn", jacobians)[...] -= 1  # a view
        return moved - x - p[:, None] * ways, jacobians, -ways


def from_roots(system: AbstractMap, known: np.ndarray, directions: np.ndarray, clock: Clock, tell: Tell = nobody) -> np.ndarray:
    """Roots that fibres of each direction (fibres, n) pass, from every known root (roots, n), (more, n)."""
    ways, starts = np.tile(directions, (len(known), 1)), np.repeat(known, len(directions), axis=0)
    return _along(system, starts, ways, np.zeros(len(starts)), known, clock, tell)


def from_anywhere(system: AbstractMap, states: np.ndarray, clock: Clock) -> np.ndarray:
    """Roots on the fibres of states that are none, F(x) - x = p c with c of length 1, (more, n)."""
    moves = system.step(states) - states
    speed = np.linalg.norm(moves, axis=1)
    return _along(system, states, moves / speed[:, None], speed, states[:0], clock, nobody)


def _along(
    system: AbstractMap, starts: np.ndarray, ways: np.ndarray, offsets: np.ndarray, homes: np.ndarray, clock: Clock, tell: Tell
) -> np.ndarray:  # fmt: skip
    """From where p is an offset, in both directions; `homes` are roots from which fibres of every way begin."""
    signs = np.repeat([1.0, -1.0], len(starts))
    starts, ways, offsets = (np.concatenate([each, each]) for each in (starts, ways, offsets))
    size = max(2, min(TOGETHER, ENTRIES // max(1, (starts.shape[1] + 1) ** 2)))
    spans = [slice(first, first + size) for first in range(0, len(starts), size)]
    found = [starts[:0]]
    for span in spans:
        at = front(Fibres(system, ways[span]), starts[span], offsets[span], signs[span])
        found.append(_follow(system, at, ways[span], homes, clock, lambda ended, before=span.start: tell(before + ended)))
    return np.concatenate(found)


def _follow(system: AbstractMap, at: Front, ways: np.ndarray, homes: np.ndarray, clock: Clock, tell: Tell) -> np.ndarray:
    """Roots where p changes its sign; a fibre that comes to one of `homes` ends, as another of the same way has begun there."""
    curve, marks, crossings = Fibres(system, ways), _Marks.at(at), _Crossings(system, homes, clock)
    limit = BEYOND * (1 + np.abs(at.z[:, :-1]).max(initial=0))
    for count in range(STEPS):
        going = np.flatnonzero(at.alive)
        if not len(going) or clock.up():
            break
        before = at.z.copy()
        moved = correct(curve, at, going)
        crossings.note(moved, before, at.z)
        if count % LOOKS == 0:
            crossings.look(at.alive)
            tell(len(at.z) - len(going))
        at.alive[moved] &= (np.abs(at.z[moved]).max(axis=1, initial=0) < limit) & ~marks.again(at, moved)
    crossings.look(at.alive)
    tell(len(at.z))
    return np.concatenate([at.z[:0, :-1], *crossings.passed])


class _Crossings:
    """Where fibres cross p = 0."""

    def __init__(self, system: AbstractMap, homes: np.ndarray, clock: Clock):
        self.problem, self.homes, self.clock = Problem.fixed(system.step, system.jacobian, system.gradient), homes, clock
        self.passed: list[np.ndarray] = []
        self._noted: list[tuple[np.ndarray, np.ndarray]] = []

    def note(self, moved: np.ndarray, before: np.ndarray, after: np.ndarray) -> None:
        """Those of the fibres that moved on whose last step p changed its sign."""
        crossed = moved[before[moved, -1] * after[moved, -1] < 0]
        if len(crossed):
            self._noted.append((crossed, _between(before[crossed], after[crossed])))

    def look(self, alive: np.ndarray) -> None:
        """The roots there, of all crossings since the last look; ends fibres that are home, in place."""
        if not self._noted:
            return
        which, between = (np.concatenate(each) for each in zip(*self._noted, strict=True))
        ended, self._noted = roots(self.problem, between, self.clock), []
        good = ended.status == CONVERGED
        alive[which[good & _among(ended.x, self.homes)]] = False
        self.passed.append(ended.x[good])


@dataclass
class _Marks:
    """Where each fibre was after 1, 2, 4, 8 ... steps: one that comes there again goes in a circle (Brent 1980, doi:10.1007/BF01933190)."""

    z: np.ndarray
    tangent: np.ndarray
    steps: np.ndarray
    since: np.ndarray

    @classmethod
    def at(cls, at: Front) -> _Marks:
        """Before the first step."""
        return cls(at.z.copy(), at.tangent.copy(), np.zeros(len(at.z), int), np.zeros(len(at.z), int))

    def again(self, at: Front, moved: np.ndarray) -> np.ndarray:
        """Which of those that moved are where they were, and go the same way."""
        self.steps[moved] += 1
        self.since[moved] += 1
        near = np.linalg.norm(at.z[moved] - self.z[moved], axis=1) < CIRCLE * at.length[moved]
        same = np.einsum("bi,bi->b", at.tangent[moved], self.tangent[moved]) > TURN
        circle = near & same & (self.since[moved] >= LEAST)
        new = moved[self.steps[moved] & (self.steps[moved] - 1) == 0]
        self.z[new], self.tangent[new], self.since[new] = at.z[new], at.tangent[new], 0
        return circle


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
