"""Matrix functions that several parametrisations share; all take a stack of square blocks, (blocks, n, n)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from neurorec.arrays import whole
from neurorec.errors import ShapeError, ValueRefused


def squares(recurrent: np.ndarray) -> np.ndarray:
    """`recurrent` (D N, K N) as D / K square blocks, (blocks, n, n)."""
    return recurrent.reshape(count(recurrent.shape), recurrent.shape[1], recurrent.shape[1])


def count(shape: tuple[int, int]) -> int:
    """Number of square blocks."""
    rows, columns = shape
    if rows % columns:
        raise ShapeError(
            f"recurrent has shape {shape}, which is no stack of square matrices; this parametrisation needs a cell with D drives and "
            "K outputs where K divides D, such as tanh, modrelu, gru or lstm"
        )
    return rows // columns


def stacked(blocks: np.ndarray) -> np.ndarray:
    """The blocks one below the other: `recurrent`."""
    return blocks.reshape(-1, blocks.shape[2])


def cayley(matrix: np.ndarray) -> np.ndarray:
    """(I + A)^-1 (I - A), its own inverse; orthogonal where A is skew-symmetric, unitary where it is skew-Hermitian."""
    return cayley_from(inverse(matrix))


def cayley_from(inverse: np.ndarray) -> np.ndarray:
    """The same from X = (I + A)^-1: it is 2 X - I."""
    return 2 * inverse - np.eye(inverse.shape[-1])


def inverse(matrix: np.ndarray) -> np.ndarray:
    """(I + A)^-1."""
    try:
        return np.linalg.inv(np.eye(matrix.shape[-1]) + matrix)
    except np.linalg.LinAlgError:
        raise ValueRefused(
            "I + W D is singular, so that no Cayley transform has this value; take another number of negative signs"
        ) from None


def cayley_adjoint(inverse: np.ndarray, scale: np.ndarray, change: np.ndarray) -> np.ndarray:
    """For W = (I + A)^-1 (I - A) D, ``scale`` the diagonal (blocks, n): V with <change, dW> = -<V, dA> for any dA.

    dW = -X dA (W + D) with X = (I + A)^-1, hence V = X^H change (W + D)^H (Helfrich 2018, Theorem 3.2), and W + D = 2 X D.
    """
    transposed = adjoint(inverse)
    return 2 * transposed @ (change * scale.conj()[:, None, :]) @ transposed


def adjoint(matrix: np.ndarray) -> np.ndarray:
    """Conjugate transpose of each block."""
    return matrix.conj().swapaxes(1, 2)


def skew_of(upper: np.ndarray, n: int) -> np.ndarray:
    """Skew-symmetric matrices (blocks, n, n) from what is above their diagonals, (blocks, n (n - 1) / 2)."""
    matrix = np.zeros((len(upper), n, n))
    matrix[_above(n)] = upper
    return matrix - matrix.swapaxes(1, 2)


def above(matrix: np.ndarray) -> np.ndarray:
    """What is above the diagonals, (blocks, n (n - 1) / 2)."""
    return matrix[_above(matrix.shape[1])]


@lru_cache(maxsize=16)
def _above(n: int) -> tuple[slice | np.ndarray, ...]:
    return slice(None), *np.triu_indices(n, 1)


def unfold(change: np.ndarray) -> np.ndarray:
    """From V of `cayley_adjoint` (or minus any derivative by a full A) to the derivative by what is above A's diagonal."""
    return above(change.swapaxes(1, 2) - change)


def rotations(blocks: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """What is above the diagonal of a skew matrix whose Cayley transform rotates pairs of units by U(0, pi/2) (Helfrich 2018, 4.1)."""
    matrix = np.zeros((blocks, n, n))
    pairs = np.arange(n // 2) * 2
    matrix[:, pairs, pairs + 1] = -np.tan(rng.uniform(0, np.pi / 2, (blocks, len(pairs))) / 2)
    return above(matrix)


def signs(blocks: int, n: int, negative: int | None) -> np.ndarray:
    """Diagonals (blocks, n) of which the last `negative` are -1; None: half of them."""
    chosen = whole("negative", n // 2 if negative is None else negative, 0)
    if chosen > n:
        raise ValueRefused(f"negative must lie between 0 and {n}, the size of the matrix; got {negative}")
    return np.tile(np.where(np.arange(n) < n - chosen, 1.0, -1.0), (blocks, 1))


def safe_diagonal(blocks: np.ndarray) -> np.ndarray:
    """Diagonals D (blocks, n) of magnitude 1 for which W + D is far from singular.

    Elimination with each entry of D in the phase of its pivot: no pivot is then smaller than 1.
    """
    remainder, n = np.array(blocks), blocks.shape[-1]
    diagonal = np.ones(blocks.shape[:2], blocks.dtype)
    for k in range(n):
        pivot = remainder[:, k, k]
        size = np.abs(pivot)
        diagonal[:, k] = np.where(size > 0, pivot / np.where(size > 0, size, 1), 1)
        row = remainder[:, k, k:] / (pivot + diagonal[:, k])[:, None]
        row[:, 0] = 1
        remainder[:, k + 1 :, k:] -= remainder[:, k + 1 :, k, None] * row[:, None, :]
    return diagonal
