"""Sparse recurrent weights: which synapses there are, and their strengths as one vector."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neurorec.errors import ShapeError, ValueRefused

if TYPE_CHECKING:
    from scipy.sparse import csr_array

AXES = {"recurrent": ("synapse",), "pattern/first": ("row_end",), "pattern/pre": ("synapse",)}  # of what a file holds


class Pattern(NamedTuple):
    """The synapses of a sparse `recurrent`, in compressed sparse rows: a row's synapses lie side by side, by rising presynaptic number.

    Attributes
    ----------
    first : (D N + 1,) array of int
        Number of the first synapse of each row; the last entry is their number S.
    pre : (S,) array of int
        Column of each.
    shape : (D N, K N)
    """

    first: np.ndarray
    pre: np.ndarray
    shape: tuple[int, int]

    @classmethod
    def of(cls, matrix: csr_array) -> Pattern:
        """Of a matrix that `checked_sparse` returned."""
        return cls(matrix.indptr, matrix.indices, matrix.shape)

    @property
    def post(self) -> np.ndarray:
        """Row of each synapse, (S,)."""
        return np.repeat(np.arange(self.shape[0], dtype=self.pre.dtype), np.diff(self.first))

    def matrix(self, strengths: np.ndarray) -> csr_array:
        """With these strengths, (S,)."""
        from scipy.sparse import csr_array

        return csr_array((strengths, self.pre, self.first), shape=self.shape, copy=False)

    def sharing(self, strengths: np.ndarray) -> csr_array:
        """With a copy of these, and the pattern itself, as a network takes them over."""
        own = strengths.astype(np.float64)
        own.setflags(write=False)
        return self.matrix(own)

    def stored(self) -> dict[str, np.ndarray]:
        """As datasets of a file, by their paths in a network's group."""
        return {"pattern/first": self.first, "pattern/pre": self.pre}

    def values(self, name: str, value: Any) -> Any:
        """One number a synapse, from an array or a sparse matrix shaped as `recurrent`; what is none of these comes back as it is.

        Raises
        ------
        ShapeError
            If it has another shape.
        """
        if np.ndim(value) != 2 and not is_sparse(value):
            return value
        if value.shape != self.shape:
            raise ShapeError(f"{name} must have shape {self.shape}, as the weight, or ({len(self.pre)},), one a synapse; got {value.shape}")
        if not is_sparse(value):
            return np.asarray(value)[self.post, self.pre]
        return np.asarray(value.tocsr()[self.post, self.pre]).ravel()


def whole(matrix: Any) -> np.ndarray:
    """A sparse matrix with its zeros; any other as it is."""
    return matrix.toarray() if is_sparse(matrix) else matrix


def strengths(weight: Any) -> np.ndarray:
    """The numbers that an optimiser sees of a weight: of a sparse matrix those of its synapses."""
    return weight.data if is_sparse(weight) else weight


def with_strengths(weight: Any, numbers: np.ndarray) -> Any:
    """A weight of the same pattern, if it has one, with other numbers."""
    return Pattern.of(weight).sharing(numbers) if is_sparse(weight) else numbers


def is_sparse(value: object) -> bool:
    """Whether it is a matrix or array of `scipy.sparse`, which then has been imported, and not only begun to be in another thread."""
    known = getattr(sys.modules.get("scipy.sparse"), "issparse", None)
    return known is not None and known(value)


def checked_sparse(name: str, value: Any, shape: tuple[int, int], way_out: str) -> csr_array:
    """A sparse matrix in float64 and read-only, of sorted rows.

    Entries of the same place are summed, as in all of scipy; entries that are zero stay, as synapses.

    Raises
    ------
    ShapeError, ValueRefused
        If it has another shape, holds something else than finite real numbers, or its indices lead out of it.
    """
    if value.shape != shape:
        raise ShapeError(f"{name} must have shape {shape}, got {value.shape}; {way_out}")
    if value.dtype.kind not in "biuf":
        raise ValueRefused(f"{name} must hold real numbers, got {value.dtype}; convert it first")
    _expect_indices(name, value)
    matrix = value if _is_ours(value) else _copied(value)
    _expect_finite(name, matrix)
    return matrix


def from_file(strengths: np.ndarray, first: np.ndarray, pre: np.ndarray, columns: int) -> csr_array:
    """Sparse weights as a file holds them, which may come from anybody.

    Raises
    ------
    ValueRefused
        If they are no matrix: compiled loops trust the indices.
    """
    from scipy.sparse import csr_array

    plain = strengths.ndim == first.ndim == pre.ndim == 1 and {first.dtype.kind, pre.dtype.kind} == {"i"}
    if not plain or len(pre) != len(strengths) or not len(first) or first[0] != 0 or first[-1] != len(pre) or (np.diff(first) < 0).any():
        raise ValueRefused("the pattern of recurrent is no sparse matrix; restore the file from a copy")
    if len(pre) and not (0 <= pre.min() and pre.max() < columns):
        raise ValueRefused(f"the pattern of recurrent leads to unit {pre.max()} of {columns}; restore the file from a copy")
    return csr_array((strengths, pre, first), shape=(len(first) - 1, columns))


def _copied(value: Any) -> csr_array:
    matrix = value.tocsr(copy=True).astype(np.float64)
    matrix.sum_duplicates()
    index = np.int32 if max(len(matrix.data), *matrix.shape) < 2**31 else np.int64  # scipy has one type for both
    found = Pattern(matrix.indptr.astype(index), matrix.indices.astype(index), matrix.shape).matrix(matrix.data)
    for array in (found.data, found.indices, found.indptr):
        array.setflags(write=False)
    return found


def _is_ours(matrix: Any) -> bool:
    """Whether it is as `_copied` makes one, so that networks can share it, or its pattern."""
    if type(matrix).__name__ != "csr_array" or matrix.dtype != np.float64 or not matrix.has_canonical_format:
        return False
    return not any(array.flags.writeable for array in (matrix.data, matrix.indices, matrix.indptr))


def _expect_indices(name: str, value: Any) -> None:
    """Of the formats that keep rows or columns together; the others are checked when scipy makes such a one of them."""
    if value.format not in ("csr", "csc"):
        return
    try:
        value.check_format(full_check=True)
    except (ValueError, TypeError) as error:
        raise ValueRefused(f"{name} is no valid {value.format} matrix ({error}); build it again from its rows and columns") from error


def _expect_finite(name: str, matrix: Any) -> None:
    if not np.isfinite(matrix.data).all():
        k = int(np.argmin(np.isfinite(matrix.data)))
        where = (int(np.searchsorted(matrix.indptr, k, side="right")) - 1, int(matrix.indices[k]))
        raise ValueRefused(f"{name} holds {matrix.data[k]} at index {where}; expected finite numbers, remove or replace them")
