"""What all files of neurorec have in common while they are used: opened for each reading, or held open and overwritten in place.

One rule makes it safe to kill a program at any moment: *all structure is created and allocated at the start; from then on only the raw
data of contiguous datasets is overwritten in place, followed by a flush*. No metadata is dirty after creation, so none can be
half-written, and a reader may open the file while it is being written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import h5py
import numpy as np

from neurorec.errors import UnknownName
from neurorec.hdf5.damage import reading
from neurorec.hdf5.opening import opened
from neurorec.hdf5.sliced import Sliced
from neurorec.hdf5.states import State, state_to_go_on_from, state_to_read
from neurorec.runs.checksums import PendingChecksums, note_rows
from neurorec.runs.datasets import encoded, put
from neurorec.runs.failures import expect_in_place
from neurorec.runs.layout import Layout, stored_layout
from neurorec.runs.new_files import from_image, image
from neurorec.runs.of_many import at
from neurorec.runs.states import StateWriter


class AbstractFile(ABC):
    """Where a reader gets the open HDF5 file from.

    Attributes
    ----------
    path : Path or None
        None: in memory only.
    index : int or None
        Which network, in a file of many.
    """

    path: Path | None
    index: int | None

    @property
    def name(self) -> str:
        """For errors."""
        where = "this run in memory" if self.path is None else str(self.path)
        return where if self.index is None else f"network {self.index} of {where}"

    @property
    @abstractmethod
    def file(self) -> h5py.File:
        """Open, with all that was written so far."""

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """Sizes and names of what it holds."""

    @property
    @abstractmethod
    def state(self) -> State:
        """The newest resume state that is whole."""

    def state_in(self, file: h5py.File) -> State:
        """The same, of the file that is open already."""
        del file
        return self.state

    def expect(self, group: str, name: str) -> None:
        """Refuse a variable that a group does not have.

        Raises
        ------
        UnknownName
        """
        if name not in (known := self.layout.variables(group)):
            raise UnknownName.among({"log": "column of the log", "trajectories": "recorded variable"}[group], name, known)


class AbstractReadFile(AbstractFile):
    """A file that another process may be writing."""

    @property
    def layout(self) -> Layout:
        """Read each time: a writer may have extended the file."""
        with reading(self.name, "its layout"):
            return stored_layout(self.file)

    @property
    def state(self) -> State:
        """Refused also where only one state is damaged, since it may have been the newer."""
        return self.state_in(self.file)

    def state_in(self, file: h5py.File) -> State:
        """The same, of the file that is open already."""
        with reading(self.name, "its state"):
            return state_to_read(self.name, file)


@final
class ClosedFile(AbstractReadFile):
    """A file that is opened anew whenever something is read.

    So a run that is merely looked at keeps nobody from training it further, and nobody in this process from opening it with xarray.

    Parameters
    ----------
    path : Path
    index : int, optional
        Which network, of a file of many.
    """

    def __init__(self, path: Path, index: int | None = None):
        self.path: Path = path
        self.index = index

    @property
    def file(self) -> h5py.File:
        """Open for reading until what was taken from it is forgotten."""
        file = opened(self.path, "r")
        return file if self.index is None else at(file, self.index)


@final
class SharedFile(AbstractReadFile):
    """One network's run in a file that is open for reading.

    Parameters
    ----------
    path : Path
    file : Sliced
        At its network, as `neurorec.runs.of_many.each_of` has it.
    """

    def __init__(self, path: Path, file: Any):
        self.path: Path = path
        self._file, self.index = file, file.index

    @property
    def file(self) -> h5py.File:
        """At that network."""
        return self._file


@final
class OpenFile(AbstractFile):
    """A file that is open for writing, or in memory: log, trajectories and resume states are overwritten in place.

    Parameters
    ----------
    file : h5py.File
        Or one of many networks, as `neurorec.runs.of_many.at` gives it, at one of them.
    path : Path, optional
        None: in memory.
    layout : Layout
        Of the file, which only this process can extend.
    """

    def __init__(self, file: h5py.File, path: Path | None, layout: Layout):
        self.path, self.index = path, getattr(file, "index", None)
        self.use(file, layout)

    @property
    def file(self) -> h5py.File:
        """The file, with the checksums of all that was written."""
        self._write_checksums()
        return self._file

    @property
    def kept(self) -> Sliced:
        """The same, for overwriting: what was found in it is kept."""
        self._write_checksums()
        return self._kept

    @property
    def layout(self) -> Layout:
        """As it was given."""
        return self._layout

    @property
    def state(self) -> State:
        """The one from which a training goes on, also where the other is damaged."""
        with reading(self.name, "its state"):
            return state_to_go_on_from(self.name, self._file)

    def write_log(self, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Fill rows of the log from `first` on, (n,) a column; others stay as they are."""
        log = self._kept["log"]
        for name, values in columns.items():
            self.expect("log", name)
            put(log[name], values, np.s_[first : first + len(values)])
        if columns:
            note_rows(self._kept, "log", self._layout.variables("log"), np.s_[first : first + len(values)])

    def write_trajectories(self, numbers: np.ndarray, arrays: Mapping[str, np.ndarray]) -> slice:
        """Fill in recorded trials of the numbers given, (T', B, C') a variable; which rows they have."""
        rows = self._layout.rows(np.asarray(numbers))
        for name, array in arrays.items():
            self.expect("trajectories", name)
            put(self._kept[f"trajectories/{name}"], array, np.s_[:, rows, :])
            self._pending.trials(name, np.asarray(array, np.float32), rows)
        return rows

    def write_conditions(self, rows: slice, conditions: Mapping[str, np.ndarray]) -> None:
        """Fill in conditions of recorded trials, (B,) each; those that are not in the layout are left out."""
        layout = self._layout
        for name in layout.conditions:
            if name in conditions:
                values, width = conditions[name], layout.texts.get(name)
                put(self._kept[f"trials/{name}"], values if width is None else encoded(values, width), np.s_[rows])
        self._pending.rows(rows)

    def checkpoint(self, state: State) -> None:
        """Write a resume state over the older one, and flush."""
        self._write_checksums()
        self._states.write(state)
        self.flush()
        self.expect_in_place()

    def flush(self) -> None:
        """Hand everything to the operating system; from then on it survives the end of this process."""
        self._write_checksums()
        self._file.flush()

    def expect_in_place(self) -> None:
        """Refuse to go on where the file was moved or removed: what is written to it would be lost.

        Raises
        ------
        RunFileError
        """
        expect_in_place(self._file, self.path)

    def replace(self, file: h5py.File, layout: Layout) -> None:
        """Go on with another file in the place of this one."""
        old = self._file
        self.use(file, layout)
        old.close()

    def close(self) -> None:
        """Close it; what was in memory is gone."""
        self._file.close()

    def use(self, file: h5py.File, layout: Layout) -> None:
        """Write to this one from now on."""
        self._file, self._layout = file, layout
        self._kept = file if isinstance(file, Sliced) else Sliced(file, None, {}, {})
        self._states, self._pending = StateWriter(self._kept), PendingChecksums()

    def _write_checksums(self) -> None:
        self._pending.write(self._kept, self._layout.variables("trials"))

    def __reduce__(self) -> tuple[Any, ...]:
        """For copies and other processes: a file in memory goes with all that it holds, one on disk by its path, to be read there."""
        return (_in_memory, (image(self.file), self.index)) if self.path is None else (ClosedFile, (self.path, self.index))


def _in_memory(content: bytes, index: int | None) -> OpenFile:
    """A copy of a file in memory, from another process perhaps."""
    file = from_image(content) if index is None else at(from_image(content), index)
    return OpenFile(file, None, stored_layout(file))
