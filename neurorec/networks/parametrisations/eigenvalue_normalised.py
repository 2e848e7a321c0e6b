"""Recurrent weights with a long- and a short-term block, the latter within the unit disc: as in ENRNN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eig

from neurorec.arrays import whole
from neurorec.errors import ValueRefused
from neurorec.networks.parametrisations import _matrices as matrices
from neurorec.networks.parametrisations.base import AbstractParametrisation, Arrays
from neurorec.networks.parametrisations.cayley import Cayley


@dataclass(frozen=True)
class EigenvalueNormalised(AbstractParametrisation):
    """Eigenvalue normalisation (ENRNN: Helfrich and Ye 2020, arXiv 1911.07964): ``[[W1, W3], [0, W2 / max(1, radius of W2)]]``.

    W1 is orthogonal, as by `cayley`: long-term memory. W2 is free but for its spectral radius, at most 1: short-term memory. The
    units of the long-term block, the first ones, receive from those of the other through W3. The released code normalises always, once the
    radius has exceeded 1; here it is normalised whenever it does, so that weights depend on the free parameters alone.

    Free are ``skew`` (blocks, L (L - 1) / 2), ``coupling`` W3 (blocks, L, S) and ``short`` W2 (blocks, S, S).

    Parameters
    ----------
    short : int, optional
        Size S of the short-term block. None: an eighth (the paper has 20 of 192 for copying).
    negative : int, optional
        How many entries of D of the long-term block are -1. None: three in ten (as in the paper).
    """

    short: int | None = None
    negative: int | None = None
    learnt = ("skew", "coupling", "short")
    fixed = ("signs",)
    range = "[[an orthogonal matrix, anything], [0, a matrix of spectral radius at most 1]]"

    def start(self, recurrent: np.ndarray, units: int, rng: np.random.Generator) -> Arrays:
        """The paper's: both blocks rotate pairs of units by U(0, pi/2), the short-term one scales each by U(-1, 1); W3 is Glorot's."""
        blocks, n, _ = matrices.squares(recurrent).shape
        s = self._size(n)
        long = n - s
        spread = np.sqrt(6 / n) * rng.uniform(-1, 1, (blocks, long, s))
        rotation = matrices.cayley(-matrices.skew_of(matrices.rotations(blocks, s, rng), s))
        shrink = np.repeat(rng.uniform(-1, 1, (blocks, (s + 1) // 2)), 2, axis=1)[:, :s]
        return {
            "skew": matrices.rotations(blocks, long, rng), "coupling": spread,
            "short": rotation * shrink[:, None, :], "signs": matrices.signs(blocks, long, self._negative(long)),
        }  # fmt: skip

    def of(self, recurrent: np.ndarray) -> Arrays:
        """As `cayley` for the long-term block."""
        blocks = matrices.squares(recurrent)
        long = blocks.shape[1] - self._size(blocks.shape[1])
        orthogonal = Cayley(self.negative).of(matrices.stacked(blocks[:, :long, :long].copy()))
        return {**orthogonal, "coupling": blocks[:, :long, long:], "short": blocks[:, long:, long:]}

    @staticmethod
    def shapes(shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """The length of ``signs`` is the size of the long-term block."""
        blocks, n, long = matrices.count(shape), shape[1], np.shape(free["signs"])[-1]
        return {"skew": (blocks, long * (long - 1) // 2), "coupling": (blocks, long, n - long), "short": (blocks, n - long, n - long),
                "signs": (blocks, long)}  # fmt: skip

    @staticmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """Both blocks and the coupling."""
        long, short = matrices.squares(Cayley.map(free)), free["short"]
        normal = short / np.maximum(1, _radius(short))[:, None, None]
        return matrices.stacked(np.block([[long, free["coupling"]], [np.zeros_like(free["coupling"]).swapaxes(1, 2), normal]]))

    @staticmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """W2 has (change - <change, W2/r> dr/dW2) / r where its radius r exceeds 1."""
        derivative, n = matrices.squares(change), free["signs"].shape[1]
        long = Cayley.pull(free, matrices.stacked(derivative[:, :n, :n].copy()))
        short = [_pull_normal(w, each) for w, each in zip(free["short"], derivative[:, n:, n:], strict=True)]
        return {**long, "coupling": derivative[:, :n, n:].copy(), "short": np.array(short)}

    def _size(self, n: int) -> int:
        chosen = whole("short", min(n - 1, max(1, n // 8)) if self.short is None else self.short, 0)
        if chosen >= n:
            raise ValueRefused(f"short must lie between 0 and {n - 1}, so that a long-term block is left; got {self.short}")
        return chosen

    def _negative(self, long: int) -> int:
        return round(0.3 * long) if self.negative is None else self.negative


def _radius(matrices: np.ndarray) -> np.ndarray:
    return np.abs(np.linalg.eigvals(matrices)).max(axis=1, initial=0)


def _pull_normal(matrix: np.ndarray, change: np.ndarray) -> np.ndarray:
    if matrix.size == 0 or (radius := float(_radius(matrix[None])[0])) <= 1:
        return change
    along = float((change * matrix).sum()) / radius
    return (change - along * radius_slope(matrix)) / radius


def radius_slope(matrix: np.ndarray) -> np.ndarray:
    """Derivative of the spectral radius, (n, n), from the dominant eigenvalue and its left and right eigenvectors.

    With ``v^H M = lambda v^H`` and ``M u = lambda u``: d lambda = v^H dM u / (v^H u), and d radius is its part along lambda.
    A complex pair gives the same from either of the two.
    """
    values, left, right = eig(matrix, left=True, right=True)
    k = int(np.argmax(np.abs(values)))
    v, u, phase = left[:, k], right[:, k], values[k] / np.abs(values[k])
    return (phase.conj() * np.outer(v.conj(), u) / (v.conj() @ u)).real
