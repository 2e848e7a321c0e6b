"""Things of a file that are good as a whole or not at all, such as a network: each has a checksum in ``/checksums``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import h5py
import numpy as np

from neurorec.hdf5.checksums import NOT_WHOLE, crc
from neurorec.hdf5.damage import damaged
from neurorec.hdf5.states import settled
from neurorec.hdf5.values import fetch, whole

CHECKSUMS = "checksums"  # files of format 1 have none


def kept_checksum(file: h5py.File, name: str) -> int:
    """What its checksum should be."""
    return int(fetch(file, f"{CHECKSUMS}/{name}"))


def checksum(group: h5py.Group) -> int:
    """Of all numbers of a group and the groups in it, by name; dimension scales are sealed with the structure."""
    return crc(_arrays(group))


def checksum_of(arrays: Mapping[str, np.ndarray]) -> int:
    """`checksum` of a group that holds these arrays, by their paths."""
    return crc(arrays[path] for path in sorted(arrays, key=lambda path: path.split("/")))


def expect_whole(path: object, file: h5py.File, name: str) -> None:
    """Refuse what is not as it was written; where there are no checksums, nobody knows.

    Raises
    ------
    RunFileError
    """
    if CHECKSUMS in file and not settled(lambda: kept_checksum(file, name) in (NOT_WHOLE, checksum(file[name]))):
        raise damaged(path, f"/{name}")


def _arrays(group: h5py.Group) -> Iterator[np.ndarray]:
    for name in sorted(group):
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from _arrays(item)
        elif not item.is_scale:
            yield whole(item)[()]
