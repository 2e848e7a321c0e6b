"""A file of many runs as their training, side by side, writes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

import h5py

from neurorec.arrays import whole
from neurorec.errors import RunFileError
from neurorec.hdf5.damage import reading
from neurorec.hdf5.opening import opened
from neurorec.runs.contents import Contents
from neurorec.runs.kinds import RUNS, expect_run
from neurorec.runs.layout import Layout, stored_layout
from neurorec.runs.new_files import new_file, new_in_place
from neurorec.runs.of_many import each_of
from neurorec.runs.open_file import OpenFile
from neurorec.runs.run_writer import RunWriter
from neurorec.runs.stacked import build_all, copy_all
from neurorec.runs.structure import CHANGING
from neurorec.trust import Trusted


@final
class RunsWriter:
    """Writes trainings of many networks to one file, or to memory; each by a `RunWriter`, in a thread of its own if need be.

    Get one from `create` or `open`.

    Attributes
    ----------
    path : Path or None
        None: in memory only.
    file : h5py.File
        Open.
    writers : list of RunWriter
        One a network.
    """

    def __init__(self, file: h5py.File, path: Path | None, layout: Layout, trust: Trusted):
        self.file, self.path, self._layout, self.trust = file, path, layout, trust
        self._open = [OpenFile(each, path, layout) for each in each_of(file)]
        self.writers = [RunWriter(each, trust) for each in self._open]

    @classmethod
    def create(cls, path: str | Path | None, contents: Sequence[Contents], overwrite: bool = False) -> RunsWriter:
        """New runs, of one layout, with room for everything they will hold.

        Raises
        ------
        RunFileError, UnknownName, ValueRefused
            As `RunWriter.create`.
        """
        for each in contents:
            each.check()
        path = None if path is None else Path(path)
        file = new_file(path, size_of(contents), overwrite, lambda file: build_all(file, contents), CHANGING)
        return cls(file, path, contents[0].layout, contents[0].network.component_classes)

    @classmethod
    def open(cls, path: str | Path, trust: Trusted = False) -> RunsWriter:
        """Runs to go on with; one process at a time.

        Raises
        ------
        RunFileError
            As `RunWriter.open`.
        """
        path = Path(path)
        file = opened(path, "r+")
        try:
            expect_run(path, file, RUNS)
            with reading(path, "its layout"):
                return cls(file, path, stored_layout(file), trust)
        except RunFileError:
            file.close()
            raise

    @property
    def total(self) -> int:
        """Trials that each run has room for."""
        return self._layout.total

    def extend(self, total: int) -> None:
        """Make room for more trials of each; what is there already is kept bit for bit, as by `RunWriter.extend`."""
        if whole("total", total) <= self.total:
            return
        old, contents = self.file, [each.reader.contents().extended(total) for each in self.writers]
        old.flush()
        self.file = new_in_place(old, self.path, size_of(contents), lambda file: rebuild_all(file, contents, old), CHANGING)
        self._layout = contents[0].layout
        for each, run in zip(self._open, each_of(self.file), strict=True):
            each.use(run, self._layout)
        old.close()

    def close(self) -> None:
        """Close the file; runs in memory are gone."""
        self.file.close()


def rebuild_all(file: h5py.File, contents: Sequence[Contents], old: h5py.File) -> None:
    """Build a file of many runs and copy into it all that another one holds, which may be shorter."""
    build_all(file, contents)
    copy_all(file, old)


def size_of(contents: Sequence[Contents]) -> int:
    """Room that a file of many runs takes at most."""
    return sum(each.bytes for each in contents)
