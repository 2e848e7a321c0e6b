"""Orthogonal recurrent weights by the scaled Cayley transform: as in scoRNN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurorec.networks.parametrisations import _matrices as matrices
from neurorec.networks.parametrisations.base import AbstractParametrisation, Arrays


@dataclass(frozen=True)
class Cayley(AbstractParametrisation):
    """Scaled Cayley transform (scoRNN: Helfrich 2018, arXiv 1707.09520): W = (I + A)^-1 (I - A) D, A skew-symmetric.

    D is diagonal, +1 and -1, and does not change. Every orthogonal W has such a form, for some D with entries of A no larger
    than 1. Free is ``skew`` (blocks, n (n - 1) / 2), the entries above the diagonal of A. The paper scales rows of (pre, post)
    weights by D, here columns of (post, pre): the same networks, up to the signs of the -1 units.

    Parameters
    ----------
    negative : int, optional
        How many entries of D are -1, the last ones. None: half of them (the paper's choice for copying and adding;
        a tenth for pixel-by-pixel digits).
    """

    negative: int | None = None
    learnt = ("skew",)
    fixed = ("signs",)
    range = "an orthogonal matrix"

    def start(self, recurrent: np.ndarray, units: int, rng: np.random.Generator) -> Arrays:
        """The paper's: pairs of units are rotated by angles U(0, pi/2)."""
        blocks, n, _ = matrices.squares(recurrent).shape
        return {"skew": matrices.rotations(blocks, n, rng), "signs": matrices.signs(blocks, n, self.negative)}

    def of(self, recurrent: np.ndarray) -> Arrays:
        """With the D of the settings, or one for which A is small."""
        blocks = matrices.squares(recurrent)
        signs = matrices.safe_diagonal(blocks) if self.negative is None else matrices.signs(len(blocks), blocks.shape[1], self.negative)
        return {"skew": matrices.above(matrices.cayley(blocks * signs[:, None, :])), "signs": signs}

    @staticmethod
    def shapes(shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """Of ``skew`` and ``signs``."""
        blocks, n = matrices.count(shape), shape[1]
        return {"skew": (blocks, n * (n - 1) // 2), "signs": (blocks, n)}

    @staticmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """W of each block."""
        return matrices.stacked(matrices.cayley_from(_inverse(free)) * free["signs"][:, None, :])

    @staticmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """V^T - V, V = (I + A)^-T change (D + W^T)."""
        return {"skew": matrices.unfold(matrices.cayley_adjoint(_inverse(free), free["signs"], matrices.squares(change)))}


def _inverse(free: Mapping[str, np.ndarray]) -> np.ndarray:
    """(I + A)^-1."""
    return matrices.inverse(matrices.skew_of(free["skew"], free["signs"].shape[1]))
