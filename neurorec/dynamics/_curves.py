"""Curves G(x, p) = 0, followed by pseudo-arclength: fibres from root to root, and branches along a parameter.

A step goes along the tangent and comes back to the curve by Newton's iterations at right angles to it, so that folds are passed; its length
follows from how many those were (Keller 1977; Allgower and Georg 2003, chapters 2 and 6). Several curves advance side by side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from neurorec.dynamics._roots import Clock, solved

FIRST, SMALLEST, LARGEST = 0.05, 1e-6, 1.0  # lengths of a step
LONGER, FEW, CORRECTIONS = 1.3, 4, 8  # the next is longer where at most a few corrections were needed
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
    def residual(self, x: np.ndarray, p: np.ndarray, which: np.ndarray) -> np.ndarray:
        """G, (B, n), of rows x (B, n) and p (B,); `which` of the curves they are on."""

    @abstractmethod
    def derivatives(self, x: np.ndarray, p: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """dG/dx (B, n, n) and dG/dp (B, n)."""


@dataclass
class Front:
    """Where curves have come to.

    Attributes
    ----------
    z : (B, n + 1) array
        x and p.
    tangent : (B, n + 1) array
        Of length 1, in the direction in which they advance.
    length : (B,) array
        Of the next step.
    alive : (B,) array of bool
        False: no step of `SMALLEST` length comes back to the curve.
    """

    z: np.ndarray
    tangent: np.ndarray
    length: np.ndarray
    alive: np.ndarray


def front(curve: AbstractCurve, x: np.ndarray, p: np.ndarray, directions: np.ndarray) -> Front:
    """At points of the curves, to advance in the direction in which p grows (1) or shrinks (-1)."""
    z, which = np.column_stack([x, p]), np.arange(len(x))
    towards = np.zeros_like(z)
    towards[:, -1] = directions
    return Front(z, _tangents(curve, z, which, towards), np.full(len(x), FIRST), np.ones(len(x), bool))


def advance(curve: AbstractCurve, at: Front, clock: Clock) -> np.ndarray:
    """One accepted step of every curve that is alive, in place; which have moved, (B,)."""
    moved = np.zeros(len(at.z), bool)
    while not clock.up():
        which = np.flatnonzero(at.alive & ~moved)
        if not len(which):
            break
        _try(curve, at, which, moved)
    return moved


def _try(curve: AbstractCurve, at: Front, which: np.ndarray, moved: np.ndarray) -> None:
    guess = at.z[which] + at.length[which, None] * at.tangent[which]
    z, corrections = _corrected(curve, guess, at.tangent[which], which)
    good = corrections <= CORRECTIONS
    tangent = at.tangent[which].copy()
    tangent[good] = _tangents(curve, z[good], which[good], tangent[good])
    good &= np.einsum("bi,bi->b", tangent, at.tangent[which]) > TURN
    done = which[good]
    at.z[done], at.tangent[done], moved[done] = z[good], tangent[good], True
    longer = np.where(corrections <= FEW, LONGER, 1.0)
    at.length[which] = np.where(
        good, np.minimum(at.length[which] * longer, LARGEST * max(1.0, at.z.shape[1] ** 0.5 / 4)), at.length[which] / 2
    )
    at.alive[which] &= at.length[which] > SMALLEST


def _corrected(curve: AbstractCurve, guess: np.ndarray, tangent: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Back on the curve, at right angles to the tangent; how many iterations it took, more than `CORRECTIONS` where they did not end."""
    z, corrections, open_ = guess.copy(), np.full(len(guess), CORRECTIONS + 1), np.arange(len(guess))
    with np.errstate(all="ignore"):
        for count in range(CORRECTIONS + 1):
            x, p = z[open_, :-1], z[open_, -1]
            r = curve.residual(x, p, which[open_])
            done = np.abs(r).max(axis=1, initial=0) <= curve.close * (1 + np.abs(x).max(axis=1, initial=0))
            corrections[open_[done]] = count
            open_, r, x, p = open_[~done], r[~done], x[~done], p[~done]
            if not len(open_) or count == CORRECTIONS:
                break
            right = np.column_stack([-r, np.einsum("bi,bi->b", tangent[open_], guess[open_] - z[open_])])
            z[open_] += solved(_bordered(curve, x, p, which[open_], tangent[open_]), right)
    return z, corrections


def _tangents(curve: AbstractCurve, z: np.ndarray, which: np.ndarray, before: np.ndarray) -> np.ndarray:
    """[dG/dx dG/dp; before] t = (0, 1), of length 1: no more than a turn from the one before."""
    right = np.zeros_like(z)
    right[:, -1] = 1
    t = solved(_bordered(curve, z[:, :-1], z[:, -1], which, before), right)
    return t / np.linalg.norm(t, axis=1, keepdims=True)


def _bordered(curve: AbstractCurve, x: np.ndarray, p: np.ndarray, which: np.ndarray, last: np.ndarray) -> np.ndarray:
    count, n = x.shape
    whole = np.empty((count, n + 1, n + 1))
    whole[:, :n, :n], whole[:, :n, n] = curve.derivatives(x, p, which)
    whole[:, n] = last
    return whole
