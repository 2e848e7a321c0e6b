"""A run file as a training writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from neurorec.arrays import whole
from neurorec.errors import RunFileError
from neurorec.hdf5.damage import reading
from neurorec.hdf5.opening import opened
from neurorec.hdf5.states import State
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.runs.checksums import rewriting
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import put
from neurorec.runs.failures import writes
from neurorec.runs.kinds import expect_run
from neurorec.runs.layout import stored_layout
from neurorec.runs.networks import overwrite_network, snapshot_path
from neurorec.runs.new_files import new_file, new_in_place
from neurorec.runs.open_file import OpenFile
from neurorec.runs.rebuild import rebuild
from neurorec.runs.run_reader import RunReader
from neurorec.runs.structure import CHANGING, build
from neurorec.trust import Trusted

if TYPE_CHECKING:
    from types import TracebackType


@final
class RunWriter:
    """Writes one training to its file, or to memory; see `RunReader` for what the file holds.

    Get one from `create` or `open`. Whatever ends the process, the file is whole up to the last `checkpoint`.

    Parameters
    ----------
    file : OpenFile
    trust : bool or tuple of type
        Which classes that are not the library's own the file may name.

    Attributes
    ----------
    reader : RunReader
        Reads the same open file.
    path : Path or None
        None: in memory only.

    Examples
    --------
    A training in short: rows of the log, then the state after them::

        with RunWriter.create("run.h5", contents) as run:
            run.write_log(0, {"loss": losses})
            run.checkpoint(State(len(losses), updates, vector, slots))
            run.finish(network)
    """

    def __init__(self, file: OpenFile, trust: Trusted = False):
        """Use `create` or `open`."""
        self._open, self.path = file, file.path
        self.reader = RunReader(file, trust)

    @classmethod
    def create(cls, path: str | Path | None, contents: Contents, overwrite: bool = False) -> RunWriter:
        """A new run, with room for everything it will hold.

        Parameters
        ----------
        path : str or Path, optional
            None: in memory. The file gets its name only when it is complete; before, it is ``<path>.<random>.part``.
        contents : Contents
            Of the layout's ``total`` trials.
        overwrite : bool
            Replace an existing file; it stays whole until the new one is. One that is being written is not replaced.

        Raises
        ------
        RunFileError
            If the file exists, the folder does not, may not be written, or has no room.
        UnknownName, ValueRefused
            If the record asks for what the network or the trials do not have.
        """
        contents.check()
        path = None if path is None else Path(path)
        file = new_file(path, contents.bytes, overwrite, lambda file: build(file, contents), CHANGING)
        return cls(OpenFile(file, path, contents.layout), contents.network.component_classes)

    @classmethod
    def open(cls, path: str | Path, trust: Trusted = False) -> RunWriter:
        """A run to go on with; one process at a time.

        Raises
        ------
        RunFileError
            As `RunReader.open`, and if the file is being written by another process.
        """
        path = Path(path)
        file = opened(path, "r+")
        try:
            expect_run(path, file)
            with reading(path, "its layout"):
                layout = stored_layout(file)
        except RunFileError:
            file.close()
            raise
        return cls(OpenFile(file, path, layout), trust)

    @writes
    def write_log(self, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Fill rows of the log.

        Parameters
        ----------
        first : int
            Number of the first of these trials, counted from 0.
        columns : mapping of str to (n,) array
            Columns that are not given stay as they are.

        Raises
        ------
        UnknownName, ShapeError
            If the layout has no such column, or there are more rows than trials.
        """
        self._open.write_log(first, columns)

    @writes
    def write_trajectories(
        self, numbers: np.ndarray, arrays: Mapping[str, np.ndarray], conditions: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """Fill in recorded trials.

        Parameters
        ----------
        numbers : (B,) array of int
            Some of `Record.trials`, in a row.
        arrays : mapping of str to (T', B, C') array
            As `Record.pick` leaves them.
        conditions : mapping of str to (B,) array, optional
            Those that are not in the layout are left out.

        Raises
        ------
        ValueRefused, UnknownName, ShapeError
            If the trials are not those to record, a variable is none to record, or its shape is another one.
        """
        rows = self._open.write_trajectories(numbers, arrays)
        self._open.write_conditions(rows, conditions or {})

    @writes
    def checkpoint(self, state: State) -> None:
        """Store what resuming needs, beside the state before, and flush."""
        self._open.checkpoint(state)

    @writes
    def snapshot(self, trial: int, network: AbstractNetwork) -> None:
        """Keep the network after so many trials, if the file has room for it."""
        file, where = self._open.kept, snapshot_path(trial)
        if where in file:
            with rewriting(file, where, network.stored()):
                overwrite_network(file[where], network)

    @writes
    def finish(self, network: AbstractNetwork) -> None:
        """Store the trained network; may be called again, later in the training."""
        file, done = self._open.kept, self.reader.done
        with rewriting(file, "network", {**network.stored(), "trained": np.array(done, np.int64)}):
            overwrite_network(file["network"], network)
            put(file["network/trained"], done)
        self._open.flush()

    def extend(self, total: int) -> None:
        """Make room for more trials; what is there already is kept bit for bit.

        The file is written anew beside the old one and takes its place when it is complete.

        Parameters
        ----------
        total : int
            Trials of the longer training; fewer than there is room for change nothing.

        Raises
        ------
        RunFileError
            If there is no room.
        """
        if whole("total", total) <= self.reader.total:
            return
        self.flush()
        old, contents = self._open.file, self.reader.contents().extended(total)
        file = new_in_place(old, self.path, contents.bytes, lambda file: rebuild(file, contents, old), CHANGING)
        self._open.replace(file, contents.layout)

    @writes
    def flush(self) -> None:
        """Hand everything to the operating system; from then on it survives the end of this process.

        Raises
        ------
        RunFileError
            If the disk does not take it.
        """
        self._open.flush()

    @writes
    def close(self) -> None:
        """Close the file; a run in memory is gone."""
        self._open.close()

    def what_is_left(self) -> str:
        """How far the file is whole, and how to go on."""
        if self.path is None:
            return "it is lost; train with path=, into a file"
        done = self.reader.again().done  # this file may be closed, or closing
        return f"it is whole up to trial {done}: free some room, or mend the device, then go on with nr.resume({str(self.path)!r})"

    def __enter__(self) -> RunWriter:
        """The run itself."""
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()
