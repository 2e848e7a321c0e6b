"""Numbers of a contiguous dataset of an open file, read and written where they lie: HDF5 takes much longer over a few of them."""

from __future__ import annotations

import errno
import math
import operator
import os
from collections.abc import Sequence
from typing import final

import h5py
import numpy as np

FEW = 8  # rows, each of which is a call of the system


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
        """None where there is no such place: in memory, in a file with buffers, or where a dataset is not contiguous, or smaller than it says."""
        file, offset = data.file, data.id.get_offset()
        if offset is None or data.dtype.kind not in "iuf" or data.id.get_storage_size() != data.nbytes:
            return None
        direct = file.driver == "sec2" and file.mode == "r+" and file.id.get_access_plist().get_sieve_buf_size() == 0
        return cls(data, file.id.get_vfd_handle(), offset) if direct else None

    def places(self, first: Sequence[int], count: Sequence[int]) -> list[int]:
        """Offsets of the rows of a block, which begins at the indices `first`; none where it is empty, has too many, or the file is no longer open.

        What lies in a row are the last dimensions, if the block spans all of them, and the one before. With many rows HDF5 is as fast, and
        the number of a file that is closed may be another's.
        """
        axis = len(count) - 1
        while axis > 0 and count[axis] == self.shape[axis]:
            axis -= 1
        if not self._id.valid or 0 in count or math.prod(count[: max(axis, 0)]) > FEW:
            return []
        found = [self._offset + self.dtype.itemsize * sum(map(operator.mul, first, self._sizes))]
        for n, size in zip(count[: max(axis, 0)], self._sizes, strict=False):
            found = [at + k * size * self.dtype.itemsize for at in found for k in range(n)]
        return found

    def write(self, places: Sequence[int], numbers: np.ndarray) -> None:
        """Overwrite the rows at these offsets.

        Raises
        ------
        OSError
            If the disk does not take it.
        """
        for at, row in zip(places, numbers.reshape(len(places), -1), strict=True):
            if os.pwrite(self._number, row.data, at) != row.nbytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def read(self, places: Sequence[int], numbers: np.ndarray) -> None:
        """Fill an array with them."""
        for at, row in zip(places, numbers.reshape(len(places), -1), strict=True):
            if os.preadv(self._number, [row.data], at) != row.nbytes:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
