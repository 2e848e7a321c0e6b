"""Orthogonal recurrent weights by the matrix exponential, the control beside `cayley`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm, expm_frechet

from neurorec.networks.parametrisations import _matrices as matrices
from neurorec.networks.parametrisations.base import AbstractParametrisation, Arrays
from neurorec.networks.parametrisations.cayley import Cayley


@dataclass(frozen=True)
class Orthogonal(AbstractParametrisation):
    """Exponential map around the initial value (Lezcano-Casado 2019, arXiv 1901.08428 and 1909.09501): W = W0 exp(A), A skew-symmetric.

    What ``torch.nn.utils.parametrizations.orthogonal(..., orthogonal_map="matrix_exp")`` computes, started as fairly as `cayley`:
    at the same W0. Free is ``skew`` (blocks, n (n - 1) / 2), what is above the diagonal of A, zero at the start.

    Parameters
    ----------
    negative : int, optional
        As for `cayley`.
    """

    negative: int | None = None
    learnt = ("skew",)
    fixed = ("base",)
    range = "an orthogonal matrix"

    def start(self, recurrent: np.ndarray, units: int, rng: np.random.Generator) -> Arrays:
        """The initial value of `cayley`."""
        scaled = Cayley(self.negative)
        return self.of(scaled.map(scaled.start(recurrent, units, rng)))

    def of(self, recurrent: np.ndarray) -> Arrays:
        """W0 is the nearest orthogonal matrix, so that rounding errors do not accumulate, and A zero."""
        left, _, right = np.linalg.svd(matrices.squares(recurrent))
        base = left @ right
        return {"skew": np.zeros((len(base), base.shape[1] * (base.shape[1] - 1) // 2)), "base": base}

    @staticmethod
    def shapes(shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """Of ``skew`` and ``base``."""
        blocks, n = matrices.count(shape), shape[1]
        return {"skew": (blocks, n * (n - 1) // 2), "base": (blocks, n, n)}

    @staticmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """W of each block."""
        base = free["base"]
        return matrices.stacked(base @ expm(matrices.skew_of(free["skew"], base.shape[1])))

    @staticmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """The derivative of exp at A^T, in the direction W0^T change, is that of exp at A transposed."""
        base = free["base"]
        transposed = matrices.adjoint(matrices.skew_of(free["skew"], base.shape[1]))
        derivative = matrices.adjoint(base) @ matrices.squares(change)
        slope = [expm_frechet(a, e, compute_expm=False, check_finite=False) for a, e in zip(transposed, derivative, strict=True)]
        return {"skew": matrices.unfold(-np.array(slope))}
