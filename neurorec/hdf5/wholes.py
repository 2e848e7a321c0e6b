"""Groups of a file that are read as a whole or not at all, such as a network: each has a checksum in ``/checksums``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import h5py
import numpy as np

from neurorec.hdf5.checksums import NOT_WHOLE, crc
from neurorec.hdf5.damage import damaged
from neurorec.hdf5.sliced import Sliced
from neurorec.hdf5.states import settled
from neurorec.hdf5.values import fetch, whole

CHECKSUMS = "checksums"  # files of format 1 have none
OF_STRUCTURE = ("structure", "unsealed")  # `neurorec.hdf5.seal`


def has_checksums(file: h5py.File) -> bool:
    """Whether what it holds has checksums, beside that of its structure: not in files of format 1, nor where the numbers lie in parts, which have them."""
    return CHECKSUMS in file and any(name not in OF_STRUCTURE for name in file[CHECKSUMS])


def kept_checksum(file: h5py.File, name: str) -> int:
    """The checksum stored with a group."""
    return int(fetch(file, f"{CHECKSUMS}/{name}"))


def checksum(group: h5py.Group) -> int:
    """CRC-32 of all numbers of a group and the groups in it, by name; dimension scales are sealed with the structure."""
    return crc(_arrays(group))


def checksum_of(arrays: Mapping[str, np.ndarray]) -> int:
    """`checksum` of a group that holds these arrays, by their paths."""
    return crc(arrays[path] for path in sorted(arrays, key=lambda path: path.split("/")))


def expect_whole(path: object, file: h5py.File, name: str) -> None:
    """Refuse a group that does not match its checksum; files of format 1 have none, and pass.

    Raises
    ------
    RunFileError
    """
    if has_checksums(file) and not settled(lambda: kept_checksum(file, name) in (NOT_WHOLE, checksum(file[name]))):
        raise damaged(path, f"/{name}")


def _arrays(group: h5py.Group) -> Iterator[np.ndarray]:
    for name in sorted(group):
        item = group[name]
        if isinstance(item, h5py.Group | Sliced):
            yield from _arrays(item)
        elif not item.is_scale:
            yield whole(item)[()]
