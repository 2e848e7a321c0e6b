"""Linear recurrences in time, e(t) = A(t) e(t-1) + r(t) with e(0) = 0: in turn, and by an associative scan."""

from __future__ import annotations

import numpy as np

SMALL = 4  # rows of a matrix: below, a call of the library's product costs more than the product


def in_turn(matrices: np.ndarray, added: np.ndarray) -> np.ndarray:
    """The definition.

    Parameters
    ----------
    matrices : (T, G, n, n) array
        A(1) ... A(T) of G recurrences side by side; the first multiplies nothing.
    added : (T, G, n) array
        r(1) ... r(T).

    Returns
    -------
    (T, G, n) array
        e(1) ... e(T).
    """
    found = added.copy()
    for t in range(1, len(added)):
        found[t] += _apply(matrices[t], found[t - 1])
    return found


def scan(matrices: np.ndarray, added: np.ndarray) -> np.ndarray:
    """The same by pairs: two steps are one step, ``(A2, r2) o (A1, r1) = (A2 A1, A2 r1 + r2)``.

    The recurrence over pairs is half as long and solved the same way; then every first of a pair follows from the
    pair before. About T products of matrices in all, in 2 log2(T) turns of which each is parallel over time.
    """
    if len(added) < 2:
        return added.copy()
    first, second = slice(0, len(added) - 1, 2), slice(1, None, 2)
    pairs = scan(_times(matrices[second], matrices[first]), _apply(matrices[second], added[first]) + added[second])
    found = added.copy()
    found[second] = pairs
    later = slice(2, None, 2)
    found[later] += _apply(matrices[later], pairs[: len(found[later])])
    return found


def backwards(matrices: np.ndarray) -> np.ndarray:
    """Matrices of the adjoint recurrence, z(t) = A(t+1)^T z(t+1) + g(t), read from the last step to the first."""
    transposed = np.swapaxes(matrices[::-1], -1, -2)
    return np.concatenate([np.zeros_like(transposed[:1]), transposed[:-1]])


def _times(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.einsum("tgij,tgjk->tgik", left, right) if left.shape[-1] < SMALL else left @ right


def _apply(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.einsum("...ij,...j->...i", matrices, vectors)
