"""Checksums of numbers that are overwritten while a file is in use: each is a dataset of its own, written after its numbers."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np

NOT_WHOLE = -1  # of a group, until all of it is written; no CRC is negative
NEVER = 0  # of a row that was never written
ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: a product with it can be undone, so that no difference gets lost
SPREAD = np.uint64(29)


def crc(arrays: Iterable[np.ndarray]) -> int:
    """CRC-32 of arrays one after another."""
    found = 0
    for array in arrays:
        found = zlib.crc32(array.tobytes(), found)
    return found


def of_trials(array: np.ndarray) -> np.ndarray:
    """A checksum of each trial of a (T, B, C) array, (B,) of int64; never `NEVER`."""
    by_trial = np.ascontiguousarray(array.transpose(1, 0, 2))
    return np.array([1 + zlib.crc32(trial.data if trial.size else b"") for trial in by_trial], np.int64)


def of_rows(columns: Iterable[np.ndarray]) -> np.ndarray:
    """A checksum of each row of a table, (n,) of int64; never `NEVER`.

    Rows are short and many: a CRC of each would take longer than a small trial.

    Parameters
    ----------
    columns : iterable of (n,) arrays
        Of eight bytes a value, or a multiple of eight.
    """
    found: np.ndarray | None = None
    for column in columns:
        for word in np.ascontiguousarray(column).view("<u8").reshape(len(column), column.dtype.itemsize // 8).T:
            found = np.zeros(len(column), "<u8") if found is None else found
            found = ((found ^ word) + np.uint64(1)) * ODD  # + 1, so that zeros count, too
            found ^= found >> SPREAD
    return np.empty(0, np.int64) if found is None else np.where(found == NEVER, 1, found.view(np.int64))
