"""All that a file shows must lie in the file: no links or storage elsewhere, no filter plugin to unpack it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import h5py
from h5py import h5d, h5g, h5l, h5o

from neurorec.errors import RunFileError
from neurorec.hdf5.parts import shown_beside

MOST, DEEPEST = 200_000, 16  # objects, and groups within groups: a run of a thousand checkpoints has 12,000, four deep
BUILT_IN, LZF = 255, 32000  # filters of HDF5 itself, and h5py's own; all others are loaded from a folder that the environment names
KNOWN: set[bytes] = set()  # seals of files that were looked through: the same seal is the same structure


def expect_inside(path: Path, file: h5py.File, seal: bytes | None) -> None:
    """Look through all of a file's structure, unless it is known.

    Raises
    ------
    RunFileError
        If there is a link or storage that leads out of the file, a filter that is a plugin, a size that the file cannot hold, or a circle.
    """
    if seal in KNOWN:
        return
    search = _Search(path)
    search.group(file.id, "", 0)
    for part in search.parts:
        with unlocked(part) as shown:
            _Search(part, shows=False).group(shown.id, "", 0)
    if seal is not None and not search.parts:  # which may be others the next time
        KNOWN.add(seal)


def unlocked(path: Path) -> h5py.File:
    """Open for reading without a lock, also what this process has open already, with one."""
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        if "flag values don't match" not in str(error):
            raise
        return h5py.File(path, "r")


class _Search:
    """Goes through groups and counts what it finds; of a file that shows others, as those of a run over ranks, it notes which."""

    def __init__(self, path: Path, shows: bool = True):
        self.path, self.size, self._shows = path, path.stat().st_size, shows
        self.seen: set[Any] = set()
        self.parts: set[Path] = set()

    def group(self, group: Any, where: str, depth: int) -> None:
        """A group and all below."""
        if depth > DEEPEST or group in self.seen:
            raise self._refused(where, f"is a group within itself or more than {DEEPEST} deep")
        self.seen.add(group)
        for name in group:
            self._member(group, name, f"{where}/{name.decode(errors='replace')}", depth)

    def _member(self, group: Any, name: bytes, where: str, depth: int) -> None:
        if group.links.get_info(name).type != h5l.TYPE_HARD:
            raise self._refused(where, "is a link to somewhere else")
        found = h5o.open(group, name)
        if isinstance(found, h5g.GroupID):
            self.group(found, where, depth + 1)
        elif isinstance(found, h5d.DatasetID):
            self._dataset(found, where)
        if len(self.seen) > MOST:
            raise self._refused(where, f"is one of more than {MOST} objects")

    def _dataset(self, data: Any, where: str) -> None:
        self.seen.add(data)
        how = data.get_create_plist()
        if self._shows and how.get_layout() == h5d.VIRTUAL and (beside := shown_beside(self.path, how)):
            self._virtual(data, where, beside)
            return
        if how.get_layout() == h5d.VIRTUAL or how.get_external_count():
            raise self._refused(where, "keeps its numbers in another file")
        filters = [how.get_filter(i)[0] for i in range(how.get_nfilters())]
        if any(code > BUILT_IN and code != LZF for code in filters):
            raise self._refused(where, "is packed by a plugin, which would be loaded to unpack it")
        if data.get_storage_size() > self.size:
            raise self._refused(where, f"claims more bytes than the file has ({self.size})")

    def _virtual(self, data: Any, where: str, beside: set[Path]) -> None:
        there = {part for part in beside if part.exists()}
        size = sum(part.stat().st_size for part in there)
        if math.prod(data.shape) * data.get_type().get_size() > max(size, self.size):
            raise self._refused(where, f"claims more bytes than its parts have ({size})")
        self.parts |= there

    def _refused(self, where: str, why: str) -> RunFileError:
        return RunFileError(
            f"{self.path} is refused: {where or '/'} {why}; a file of neurorec holds all that belongs to it, get it from its maker"
        )
