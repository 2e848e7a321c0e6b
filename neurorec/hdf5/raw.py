"""Numbers of a contiguous dataset of an open file, read and written where they lie: HDF5 takes fifty times as long over a few of them."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator, Sequence
from typing import final

import h5py
import numpy as np


@final
class Raw:
    """Where a dataset lies in its file; get one from `of`.

    HDF5 keeps nothing of such data in memory (`neurorec.hdf5.opening.unbuffered`), so that it may read and write them as well.

    Attributes
    ----------
    shape, dtype : tuple, np.dtype
        Of the dataset.
    """

    def __init__(self, data: h5py.Dataset, number: int, offset: int):
        self._id, self._number, self._offset = data.id, number, offset
        self.shape, self.dtype = data.shape, data.dtype
        self._sizes = [math.prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]  # numbers from one index to the next

    @classmethod
    def of(cls, data: h5py.Dataset) -> Raw | None:
        """None where there is no such place: in memory, or where a dataset is not contiguous, or smaller than it says."""
        file, offset = data.file, data.id.get_offset()
        plain = data.dtype.kind in "iuf" and offset is not None and data.id.get_storage_size() == data.nbytes
        return cls(data, file.id.get_vfd_handle(), offset) if plain and file.driver == "sec2" and file.mode == "r+" else None

    @property
    def open(self) -> bool:
        """Whether the file still is: later its number may be another file's."""
        return bool(self._id.valid)

    def write(self, first: Sequence[int], numbers: np.ndarray) -> None:
        """Overwrite the block that begins at the indices `first`.

        Raises
        ------
        OSError
            If the disk does not take it.
        """
        for at, row in self._rows(first, numbers):
            if os.pwrite(self._number, row.data, at) != row.nbytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def read(self, first: Sequence[int], count: tuple[int, ...]) -> np.ndarray:
        """The block of that shape."""
        numbers = np.empty(count, self.dtype)
        for at, row in self._rows(first, numbers):
            if os.preadv(self._number, [row.data], at) != row.nbytes:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        return numbers

    def _rows(self, first: Sequence[int], numbers: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """What of a block lies in a row, and where: the last dimensions, if it spans all of them, and the one before."""
        if numbers.size == 0:
            return
        axis = self._axis(numbers.shape)
        begin = sum(index * size for index, size in zip(first, self._sizes, strict=True))
        outer = np.ndindex(*numbers.shape[:axis])
        for where, row in zip(outer, numbers.reshape(-1, math.prod(numbers.shape[axis:])), strict=True):
            further = sum(index * size for index, size in zip(where, self._sizes, strict=False))
            yield self._offset + self.dtype.itemsize * (begin + further), row

    def _axis(self, count: tuple[int, ...]) -> int:
        """The first dimension from which on a block lies in a row."""
        axis = max(0, len(count) - 1)
        while axis > 0 and count[axis] == self.shape[axis]:
            axis -= 1
        return axis
