"""Unitary recurrent weights by the scaled Cayley transform: as in scuRNN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurorec.errors import ShapeError
from neurorec.networks.parametrisations import _matrices as matrices
from neurorec.networks.parametrisations.base import AbstractParametrisation, Arrays


@dataclass(frozen=True)
class UnitaryCayley(AbstractParametrisation):
    """Scaled Cayley transform (scuRNN: Maduranga 2019, arXiv 1811.04142): W = (I + A)^-1 (I - A) D, A skew-Hermitian, D = exp(i theta).

    Complex weights W act on complex units (cell ``complex_modrelu``): `recurrent` is ``[[Re W, -Im W], [Im W, Re W]]``, (2N, 2N).
    Free are ``theta`` (blocks, N), in radians, and ``skew`` (blocks, N, N): above its diagonal the real part of A, on and below it the
    imaginary part. The paper gives them learning rates of their own.
    """

    learnt = ("skew", "theta")
    range = "the real form [[Re, -Im], [Im, Re]] of a unitary matrix"

    def start(self, recurrent: np.ndarray, units: int, rng: np.random.Generator) -> Arrays:
        """The paper's: A rotates pairs of units by U(0, pi/2), theta ~ U(0, 2 pi)."""
        blocks, n = _sizes(recurrent.shape)
        skew = np.triu(matrices.skew_of(matrices.rotations(blocks, n, rng), n))
        return {"skew": skew, "theta": rng.uniform(0, 2 * np.pi, (blocks, n))}

    def of(self, recurrent: np.ndarray) -> Arrays:
        """With a theta for which A is small."""
        value = _complex(recurrent) / 2
        diagonal = matrices.safe_diagonal(value)
        skew = matrices.cayley(value * diagonal.conj()[:, None, :])
        return {"skew": np.triu(np.real(skew), 1) + np.tril(np.imag(skew)), "theta": np.angle(diagonal)}

    @staticmethod
    def shapes(shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """Of ``skew`` and ``theta``."""
        blocks, n = _sizes(shape)
        return {"skew": (blocks, n, n), "theta": (blocks, n)}

    @staticmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """The real form of W."""
        value = matrices.cayley(_skew(free)) * np.exp(1j * free["theta"])[:, None, :]
        real, imaginary = np.real(value), np.imag(value)
        return matrices.stacked(np.block([[real, -imaginary], [imaginary, real]]))

    @staticmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """By the real and imaginary parts of A, and by theta: dW = W i dtheta there."""
        inverse, diagonal, derivative = matrices.inverse(_skew(free)), np.exp(1j * free["theta"]), _complex(change)
        value = matrices.cayley_from(inverse) * diagonal[:, None, :]
        v = matrices.cayley_adjoint(inverse, diagonal, derivative)
        transposed = v.swapaxes(1, 2)
        halves = np.eye(v.shape[1]) / 2  # a diagonal entry of A stands once, the others twice
        return {
            "skew": np.triu(np.real(transposed - v), 1) - np.tril(np.imag(transposed + v)) * (1 - halves),
            "theta": np.imag((value.conj() * derivative).sum(axis=1)),
        }


def _sizes(shape: tuple[int, int]) -> tuple[int, int]:
    blocks, n = matrices.count(shape), shape[1]
    if n % 2:
        raise ShapeError(
            f"unitary weights act on complex units, which have two outputs, but recurrent has {n} columns; use cell='complex_modrelu'"
        )
    return blocks, n // 2


def _complex(real: np.ndarray) -> np.ndarray:
    """G with <G, dW> the product of `real` and the real form of dW; twice W for the real form of W."""
    _, n = _sizes(real.shape)
    a = matrices.squares(real)
    return a[:, :n, :n] + a[:, n:, n:] + 1j * (a[:, n:, :n] - a[:, :n, n:])


def _skew(free: Mapping[str, np.ndarray]) -> np.ndarray:
    stored = free["skew"]
    real, imaginary = np.triu(stored, 1), np.tril(stored)
    return real - real.swapaxes(1, 2) + 1j * (imaginary + np.tril(stored, -1).swapaxes(1, 2))
