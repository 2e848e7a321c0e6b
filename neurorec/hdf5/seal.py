"""A checksum of all bytes of a file that never change, looked at before HDF5 reads any of them.

HDF5 follows the addresses in a file's structure wherever they lead, so that a single wrong byte there may end the process. All
structure of our files is complete when they are made. Two datasets then say what its bytes are: ``/checksums/structure``, near the
start of the file and found by its first bytes, and ``/checksums/unsealed``, a table of the places that may be overwritten later.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.hdf5.describing import describe
from neurorec.hdf5.inside import expect_inside
from neurorec.hdf5.values import text

SEAL, TABLE = "checksums/structure", "checksums/unsealed"
SEALED = (SEAL, TABLE)  # which are made anew with every file
CHANGING = "groups"  # attribute of the table: what of the root is overwritten later
MAGIC = b"neurorec seal 1\n"
HEAD = struct.Struct("<16sQQQ")  # magic, bytes of the file, where the table lies, its rows; the digest follows
DIGEST = hashlib.sha256().digest_size
SEARCHED = 2**16  # bytes from the start in which the seal lies
BLOCK = 2**20
OPEN_FOR_WRITING = (20, 4)  # flags in HDF5's first block, which it sets and clears

Extents = list[tuple[int, int]]  # offset and length, in order


class Places(NamedTuple):
    """Where seal and table lie, and what they are to say."""

    seal: int
    table: int
    unsealed: Extents


@contextmanager
def sealed(path: Path, changing: Collection[str] = (), mode: str = "x") -> Iterator[h5py.File]:
    """A new file to be filled, sealed when it is.

    Parameters
    ----------
    path : Path
    changing : collection of str
        Groups and datasets of the root whose numbers may be overwritten later; their dimension scales stay.
    mode : str
        Of `h5py.File`.
    """
    with h5py.File(path, mode) as file:
        _room(file, SEAL, HEAD.size + DIGEST, "checksum of all bytes of the file that never change")
        yield file
        places = _lay_out(file, changing)
    _write(path, places)


def check(path: Path) -> bytes | None:
    """The digest of a sealed file; None without a seal.

    Raises
    ------
    RunFileError
        If a byte is not what it was.
    """
    with path.open("rb", buffering=0) as file:
        number, size = file.fileno(), os.fstat(file.fileno()).st_size
        at = os.pread(number, SEARCHED, 0).find(MAGIC)
        if at < 0:
            return None
        head = os.pread(number, HEAD.size + DIGEST, at)
        if len(head) < HEAD.size + DIGEST:
            raise _truncated(path)
        _, sealed_size, table, rows = HEAD.unpack_from(head)
        if size < sealed_size <= 2**62 and _is_plausible(table, rows, sealed_size):
            raise _truncated(path)
        if size != sealed_size or not _is_plausible(table, rows, size):
            raise broken(path)
        unsealed = np.frombuffer(os.pread(number, 16 * rows, table), "<u8").reshape(-1, 2).tolist()
        if _digest(number, size, _skipped(at, [(offset, length) for offset, length in unsealed])) != head[HEAD.size :]:
            raise broken(path)
        return head[HEAD.size :]


def renew(path: Path) -> None:
    """Seal a file as it is now, such as one that another program has added to.

    Raises
    ------
    RunFileError
        If it never was sealed, or something in it leads out of it.
    """
    with h5py.File(path, "r+") as file:
        expect_inside(path, file, None)
        if SEAL not in file:
            raise RunFileError(f"{path} has no checksums to renew; nr.open_run(path).save_as(copy) makes a copy with checksums")
        changing = text(file[TABLE], CHANGING).split()
        del file[TABLE]
        places = _lay_out(file, changing)
    _write(path, places)


def _lay_out(file: h5py.File, changing: Collection[str]) -> Places:
    """Find the places that are not sealed, and make room for their table."""
    found: list[tuple[int, int]] = []

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and name not in SEALED and name.partition("/")[0] in changing and not item.is_scale:
            if (offset := item.id.get_offset()) is not None and (size := item.id.get_storage_size()):
                found.append((offset, size))

    file.visititems(note)
    unsealed = _merged(found)
    table = _room(file, TABLE, max(16, 16 * len(unsealed)), "offsets and lengths of what is overwritten later")
    file[TABLE].attrs[CHANGING] = " ".join(changing)
    return Places(file[SEAL].id.get_offset(), table, unsealed)


def _room(file: h5py.File, name: str, size: int, long_name: str) -> int:
    """Allocate a scalar of bytes; its offset in the file."""
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_layout(h5py.h5d.CONTIGUOUS)
    how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    group, last = file.require_group(name.rpartition("/")[0]), name.rpartition("/")[2].encode()
    kind, space = h5py.h5t.py_create(np.dtype(f"S{size}")), h5py.h5s.create(h5py.h5s.SCALAR)
    data = h5py.Dataset(h5py.h5d.create(group.id, last, kind, space, how))
    describe(data, units="1", long_name=long_name)
    return data.id.get_offset()


def _write(path: Path, places: Places) -> None:
    """Write seal and table directly: HDF5 has closed the file, so its bytes are final."""
    with path.open("r+b", buffering=0) as file:
        number, size = file.fileno(), os.fstat(file.fileno()).st_size
        table = np.array(places.unsealed, "<u8").tobytes()
        head = HEAD.pack(MAGIC, size, places.table, len(places.unsealed))
        os.pwrite(number, table, places.table)
        os.pwrite(number, head, places.seal)
        os.pwrite(number, _digest(number, size, _skipped(places.seal, places.unsealed)), places.seal + HEAD.size)


def _skipped(seal: int, unsealed: Extents) -> Extents:
    return sorted([OPEN_FOR_WRITING, (seal + HEAD.size, DIGEST), *unsealed])


def _digest(number: int, size: int, skipped: Extents) -> bytes:
    """SHA-256 of all bytes that are not skipped; empty where the table is not plausible."""
    digest, at = hashlib.sha256(), 0
    for offset, length in [*skipped, (size, 0)]:
        if not at <= offset <= offset + length <= size:
            return b""
        while at < offset:
            block = os.pread(number, min(BLOCK, offset - at), at)
            if not block:
                return b""
            digest.update(block)
            at += len(block)
        at = offset + length
    return digest.digest()


def _merged(extents: Extents) -> Extents:
    """Adjacent extents become one."""
    merged: Extents = []
    for offset, length in sorted(extents):
        if merged and sum(merged[-1]) == offset:
            merged[-1] = (merged[-1][0], merged[-1][1] + length)
        else:
            merged.append((offset, length))
    return merged


def _is_plausible(table: int, rows: int, size: int) -> bool:
    return table < size and rows <= size // 16 and table + 16 * rows <= size


def _truncated(path: Path) -> RunFileError:
    return RunFileError(f"{path} is truncated, so part of it is missing; copy it again from where it was made")


def broken(path: Path) -> RunFileError:
    """The error where the seal is not that of the file."""
    return RunFileError(
        f"{path} is damaged: its structure (names, sizes, settings) does not match its checksum, so that nothing in it can be relied on; "
        f"restore it from a copy, or, if another program added to it on purpose, accept it as it is: neurorec check --seal {path}"
    )
