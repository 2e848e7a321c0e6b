"""Linear recurrences in time, e(t) = A(t) e(t-1) + r(t) with e(0) = 0: in turn, and by an associative scan."""

from __future__ import annotations

from array_api_compat import array_namespace

from neurorec.engines.unrolled.base import Array

SMALL = 4  # rows of a matrix: below, a call of the library's product costs more than the product


def in_turn(matrices: Array, added: Array) -> Array:
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
    found = _copy(added)
    for t in range(1, len(added)):
        found[t] += _apply(matrices[t], found[t - 1])
    return found


def scan(matrices: Array, added: Array) -> Array:
    """The same by pairs: two steps are one step, ``(A2, r2) o (A1, r1) = (A2 A1, A2 r1 + r2)``.

    The recurrence over pairs is half as long and solved the same way; then every first of a pair follows from the
    pair before. About T products of matrices in all, in 2 log2(T) turns of which each is parallel over time.
    """
    if len(added) < 2:
        return _copy(added)
    first, second = slice(0, len(added) - 1, 2), slice(1, None, 2)
    pairs = scan(_times(matrices[second], matrices[first]), _apply(matrices[second], added[first]) + added[second])
    found = _copy(added)
    found[second] = pairs
    later = slice(2, None, 2)
    found[later] += _apply(matrices[later], pairs[: len(found[later])])
    return found


def backwards(matrices: Array) -> Array:
    """Matrices of the adjoint recurrence, z(t) = A(t+1)^T z(t+1) + g(t), read from the last step to the first."""
    xp = array_namespace(matrices)
    transposed = xp.matrix_transpose(reverse(matrices))
    return xp.concat([xp.zeros_like(transposed[:1]), transposed[:-1]])


def reverse(values: Array) -> Array:
    """From the last step to the first."""
    return array_namespace(values).flip(values, axis=0)


def _copy(values: Array) -> Array:
    return array_namespace(values).asarray(values, copy=True)


def _times(left: Array, right: Array) -> Array:
    if left.shape[-1] >= SMALL:
        return left @ right
    return array_namespace(left).vecdot(left[..., :, None, :], array_namespace(right).matrix_transpose(right)[..., None, :, :])


def _apply(matrices: Array, vectors: Array) -> Array:
    return array_namespace(matrices).vecdot(matrices, vectors[..., None, :])
