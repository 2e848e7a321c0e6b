"""Curves G(x, p) = 0, followed by pseudo-arclength: fibres from root to root, and branches along a parameter.

A step goes along the tangent, bent as the tangent last turned, and comes back to the curve by Newton's iterations at right angles to it, so that
folds are passed; its length follows from how many those were (Keller 1977; Allgower and Georg 2003, chapters 2 and 6). Several curves advance
side by side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from neurorec.dynamics._roots import Clock, solved

FIRST, SMALLEST, LARGEST = 0.05, 1e-6, 1.0  # lengths of a step
FAR = 4.0  # from the origin, where steps may be longer: there what is left of a curve is nearly straight
DISTANCE = 0.02  # of a prediction from the curve, for which the next step's length is chosen
LONGER, CORRECTIONS = 2.0, 5  # by which it grows or shrinks, at the most; after how many corrections a step is given up
CLOSE = 1e-10  # of the residual, relative to 1 + max|x|: on the curve
TURN = 0.7  # cosine of the largest angle between two tangents: a sharper bend may have been a jump to another curve


class AbstractCurve(ABC):
    """G(x, p), with x of n numbers and one parameter; rows side by side.

    Attributes
    ----------
    close : float
        Largest residual, relative to 1 + max|x|, of what is on the curve.
    """

    close = CLOSE

    @abstractmethod
    def linearised(self, x: np.ndarray, p: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """G (B, n), dG/dx (B, n, n) and dG/dp (B, n) of rows x (B, n) and p (B,); `which` of the curves they are on."""


@dataclass
class Front:
    """Where curves have come to, and the step that each is at.

    Attributes
    ----------
    z : (B, n + 1) array
        x and p.
    tangent : (B, n + 1) array
        Of length 1, in the direction in which they advance.
    length : (B,) array
        Of the step.
    bend : (B, n + 1) array
        How much the tangent turned in the last step, a unit of its length.
    tried : (B, n + 1) array
        Where corrections have come to.
    corrections : (B,) array of int
    alive : (B,) array of bool
        False: no step of `SMALLEST` length comes back to the curve.
    longest : float
        Length of a step, at the most, near the origin.
    """

    z: np.ndarray
    tangent: np.ndarray
    length: np.ndarray
    bend: np.ndarray
    tried: np.ndarray
    corrections: np.ndarray
    alive: np.ndarray
    longest: float

    @classmethod
    def of(cls, z: np.ndarray, tangent: np.ndarray, length: float, longest: float) -> Front:
        """Before the first step."""
        lengths, none, alive = np.full(len(z), length), np.zeros(len(z), int), np.ones(len(z), bool)
        return cls(z, tangent, lengths, np.zeros_like(z), z + length * tangent, none, alive, longest)


def front(curve: AbstractCurve, x: np.ndarray, p: np.ndarray, directions: np.ndarray, longest: float | None = None) -> Front:
    """At points of the curves, to advance in the direction in which p grows (1) or shrinks (-1); steps no longer than `longest`."""
    z = np.column_stack([x, p])
    towards = np.zeros_like(z)
    towards[:, -1] = directions
    most = LARGEST * max(1.0, z.shape[1] ** 0.5 / 4) if longest is None else longest
    return Front.of(z, _linear(curve, z, np.arange(len(z)), towards)[2], min(FIRST, most), most)


def advance(curve: AbstractCurve, at: Front, clock: Clock) -> np.ndarray:
    """One accepted step of every curve that is alive, in place; which have moved, (B,)."""
    moved = np.zeros(len(at.z), bool)
    while not clock.up():
        which = np.flatnonzero(at.alive & ~moved)
        if not len(which):
            break
        moved[correct(curve, at, which)] = True
    return moved


def correct(curve: AbstractCurve, at: Front, which: np.ndarray) -> np.ndarray:
    """One correction of each of some curves, in place, so that none waits for another; those whose step was thereby accepted."""
    last = at.tangent[which]
    size, move, along = _linear(curve, at.tried[which], which, last)
    at.tried[which] += move
    at.corrections[which] += 1
    there = size <= curve.close
    good = there & (np.einsum("bi,bi->b", along, last) > TURN)
    over = there | (at.corrections[which] > CORRECTIONS)
    _accept(at, which[good], along[good])
    _shorten(at, which[over & ~good])
    _predict(at, which[over])
    return which[good]


def _accept(at: Front, which: np.ndarray, tangent: np.ndarray) -> None:
    """The end of a step; the error of a prediction goes with the cube of its length, so that it says how long the next may be."""
    z, length = at.tried[which], at.length[which]
    distance = np.linalg.norm(z - _ahead(at, which), axis=1)
    at.bend[which], at.z[which], at.tangent[which] = (tangent - at.tangent[which]) / length[:, None], z, tangent
    factor = np.clip(np.cbrt(DISTANCE / np.maximum(distance, 1e-12)), 1 / LONGER, LONGER)
    at.length[which] = np.minimum(length * factor, at.longest * np.maximum(1, np.abs(z).max(axis=1, initial=0) / FAR))


def _shorten(at: Front, which: np.ndarray) -> None:
    at.length[which] /= 2
    at.alive[which] = at.length[which] > SMALLEST


def _predict(at: Front, which: np.ndarray) -> None:
    at.tried[which], at.corrections[which] = _ahead(at, which), 0


def _ahead(at: Front, which: np.ndarray) -> np.ndarray:
    """Where a step leads along the tangent and its bend."""
    length = at.length[which, None]
    return at.z[which] + length * (at.tangent[which] + length / 2 * at.bend[which])


def _linear(curve: AbstractCurve, z: np.ndarray, which: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of rows z: the residual, relative to 1 + max|x|; the correction [dG/dx dG/dp; last] d = (-G, 0); the tangent.

    The tangent solves [dG/dx dG/dp; last] t = (0, 1) and has length 1: no more than a turn from the last one.
    """
    (count, width), x = z.shape, z[:, :-1]
    whole, right = np.empty((count, width, width)), np.zeros((count, width, 2))
    r, whole[:, :-1, :-1], whole[:, :-1, -1] = curve.linearised(x, z[:, -1], which)
    whole[:, -1] = last
    right[:, :-1, 0], right[:, -1, 1] = -r, 1
    move, along = solved(whole, right).transpose(2, 0, 1)
    size = np.abs(r).max(axis=1, initial=0) / (1 + np.abs(x).max(axis=1, initial=0))
    return size, move, along / np.sqrt(np.einsum("bi,bi->b", along, along))[:, None]
