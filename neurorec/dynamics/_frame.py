"""Tangent vectors beside a trajectory, and what they are refused for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.arrays import whole
from neurorec.errors import ValueRefused

SKEW = 1e8  # condition of the tangent vectors between two decompositions, at the most
LONGEST, LEARNING = 20, 50  # steps between them, at the most; decompositions after every step before that is known


@dataclass
class Frame:
    """Tangent vectors, orthonormal after every decomposition.

    Attributes
    ----------
    q : (B, n, k) array
    every : int
        Steps between two decompositions.
    spread : float
        How far apart the logarithms of the growth of two vectors came in a step, at the most.
    count : int
        Decompositions so far.
    """

    q: np.ndarray
    every: int = 1
    spread: float = 0.0
    count: int = 0

    @classmethod
    def random(cls, rng: np.random.Generator, count: int, size: int, k: int) -> Frame:
        """Of a trajectory that begins."""
        return cls(np.linalg.qr(rng.standard_normal((count, size, k)))[0])

    def decompose(self, since: int) -> np.ndarray:
        """Make them orthonormal; logarithm of the growth of each in `since` steps, (B, k)."""
        self.q, r = np.linalg.qr(self.q)
        with np.errstate(divide="ignore"):
            grown = np.log(np.abs(np.diagonal(r, axis1=1, axis2=2)))
        self.spread = max(self.spread, float(np.max(grown.max(axis=1) - grown.min(axis=1), initial=0)) / since)
        self.count += 1
        if self.count >= LEARNING:
            self.every = int(np.clip(np.log(SKEW) / max(self.spread, 1e-9), 1, LONGEST))
        return grown


def number_of(exponents: int | None, size: int) -> int:
    count = size if exponents is None else whole("exponents", exponents)
    if count > size:
        raise ValueRefused(f"there are {size} exponents, as many as states of all units, and exponents={count}")
    return count


def expect_finite(x: np.ndarray, step: int) -> None:
    if not np.isfinite(x).all():
        raise ValueRefused(f"the trajectory diverges (it is infinite after {step} steps), and has no exponents; start elsewhere")
