"""The file of a sequence loop: the network, what the loop has learnt, and, of a learning, its log and trajectories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, final

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.hdf5.damage import reading
from neurorec.hdf5.opening import opened
from neurorec.hdf5.states import State, state_to_go_on_from, state_to_read
from neurorec.hdf5.values import text
from neurorec.runs.checksums import build_checksums, rewriting
from neurorec.runs.contents import Contents
from neurorec.runs.damaged_rows import bad_rows, expect_good
from neurorec.runs.datasets import allocate, dimension, put
from neurorec.runs.failures import writes
from neurorec.runs.kinds import A_LOOP, LOOP, expect_loop
from neurorec.runs.layout import Layout, stored_layout
from neurorec.runs.networks import build_network, network_from
from neurorec.runs.new_files import new_file
from neurorec.runs.open_file import OpenFile
from neurorec.runs.states import build_states
from neurorec.runs.structure import build_log, build_root, build_trajectories
from neurorec.trust import Trusted

CHANGING = ("loop", "state", "log", "trajectories", "checksums")  # what a learning overwrites


class StoredLoop(NamedTuple):
    """What a loop is made again from.

    Attributes
    ----------
    network : Network
    settings : dict
        All that does not change while it learns.
    state : State
        ``trials``: transitions of this file's learning so far; ``updates``: transitions in all; ``vector``: weights of the readout,
        flat; ``carried``: the state of the loop.
    """

    network: Any
    settings: dict[str, Any]
    state: State


@final
class LoopFile:
    """Writes the learning of a loop to its file; one "trial" of its layout is a syllable and the transition after it.

    Get one from `create` or `open`. Whatever ends the process, the file is whole up to the last `checkpoint`.

    Parameters
    ----------
    file : OpenFile
    path : Path
    """

    def __init__(self, file: OpenFile, path: Path):
        self._open, self.path = file, path

    @classmethod
    def create(cls, path: Path, contents: Contents, shape: tuple[int, ...], overwrite: bool) -> LoopFile:
        """A new file, open for writing.

        Parameters
        ----------
        path : Path
        contents : Contents
        shape : (syllables, cells)
            Of the readout's weights.
        overwrite : bool
            Replace an existing file.

        Raises
        ------
        RunFileError
            If the file exists, or has no room.
        """
        contents.check()
        again = contents.state.vector.nbytes + contents.state.carried.nbytes  # in /loop, where they have names
        file = new_file(path, contents.bytes + again, overwrite, lambda file: _build(file, contents, shape), CHANGING)
        return cls(OpenFile(file, path, contents.layout), path)

    @classmethod
    def open(cls, path: Path) -> LoopFile:
        """A file that is there, to go on with its learning.

        Raises
        ------
        RunFileError
            If it is missing, holds no loop, or is being written.
        """
        file = opened(path, "r+", A_LOOP)
        try:
            expect_loop(path, file)
            with reading(path, "its layout"):
                return cls(OpenFile(file, path, stored_layout(file)), path)
        except RunFileError:
            file.close()
            raise

    @property
    def layout(self) -> Layout:
        """Sizes and names."""
        return self._open.layout

    def stored(self, trust: Trusted = False) -> StoredLoop:
        """As `read_loop`, of the state that is whole where one is damaged."""
        return _stored(self.path, self._open.file, self._open.state, trust)

    def log(self, rows: int) -> np.ndarray:
        """The first rows, (columns, rows).

        Raises
        ------
        RunFileError
            If they are not as they were written.
        """
        names, file = self.layout.variables("log"), self._open.file
        with reading(self.path, "/log"):
            expect_good(bad_rows(file, "log", names, np.s_[:rows]), self.path, "/log")
            return np.array([file[f"log/{name}"][:rows] for name in names])

    @writes
    def write_log(self, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Fill rows of the log from `first` on, (n,) a column."""
        self._open.write_log(first, columns)

    @writes
    def write_trajectories(self, number: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Fill in what was recorded of one syllable, (T, 1, C) each."""
        record = self.layout.record
        self._open.write_trajectories(np.array([number]), {name: record.pick(name, array) for name, array in arrays.items()})

    @writes
    def checkpoint(self, state: State) -> None:
        """Store what the loop has become, beside the state before, and flush."""
        self._open.checkpoint(state)

    @writes
    def finish(self, state: State, units: np.ndarray) -> None:
        """Show, under names, what the loop has become, with the states of the units."""
        file = self._open.file
        with rewriting(file, "loop"):
            put(file["loop/weights"], state.vector.reshape(file["loop/weights"].shape))
            put(file["loop/state"], units.ravel())
            put(file["loop/transitions"], state.updates)
        self._open.flush()

    @writes
    def close(self) -> None:
        """Close the file."""
        self._open.close()

    def what_is_left(self) -> str:
        """How far the file is whole, and how to go on."""
        with opened(self.path, "r") as file:  # this one may be closed, or closing
            done = state_to_go_on_from(self.path, file).trials
        return f"it is whole up to transition {done}: free some room, or mend the device, then go on with SequenceLoop.resume({str(self.path)!r})"


def read_loop(path: Path, trust: Trusted = False) -> StoredLoop:
    """What a file holds, also while it is being written.

    Parameters
    ----------
    path : Path
    trust : bool or tuple of type
        Which classes that are not the library's own it may name.

    Raises
    ------
    RunFileError
        If the file is missing, is damaged or holds no loop.
    """
    with opened(path, "r", A_LOOP) as file:
        expect_loop(path, file)
        with reading(path, "its state"):
            state = state_to_read(path, file, "SequenceLoop.resume", "transition")
        return _stored(path, file, state, trust)


def _stored(path: Path, file: h5py.File, state: State, trust: Trusted) -> StoredLoop:
    with reading(path, "its network or its settings"):
        return StoredLoop(network_from(file["network"], trust), json.loads(text(file, "config")), state)


def _build(file: h5py.File, contents: Contents, shape: tuple[int, ...]) -> None:
    build_root(file, contents, LOOP)
    build_network(file.create_group("network"), contents.network)
    build_states(file, contents.state)
    _build_loop(file.create_group("loop"), contents, shape)
    build_log(file.create_group("log"), contents.layout)
    build_trajectories(file.create_group("trajectories"), contents.layout, contents.network.units)
    build_checksums(file, ("loop",), contents.layout)


def _build_loop(group: h5py.Group, contents: Contents, shape: tuple[int, ...]) -> None:
    syllable, cell = (dimension(group, name, size) for name, size in zip(("syllable", "cell"), shape, strict=True))
    number, state = dimension(group, "state_number", contents.network.initial.size), contents.state
    weights = allocate(group, "weights", [syllable, cell], np.float64, "1", "weights of the winner-take-all readout")
    put(weights, state.vector.reshape(shape))
    allocate(group, "state", [number], np.float64, "1", "states of the units")
    allocate(group, "transitions", [], np.int64, "1", "transitions learnt from when these were stored")[()] = state.updates
