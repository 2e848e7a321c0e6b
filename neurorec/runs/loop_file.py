"""The file of a sequence loop: the network, what the loop has learnt, and, of a learning, its log and trajectories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, final

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.hdf5.damage import damaged, reading
from neurorec.hdf5.opening import opened
from neurorec.hdf5.states import SLOTS, damaged_slots, newest_state
from neurorec.hdf5.values import text
from neurorec.runs.checks import bad_rows, build_checksums, expect_good, note_rows, note_trials, rewriting
from neurorec.runs.datasets import allocate, dimension, put
from neurorec.runs.failures import expect_in_place, writes
from neurorec.runs.files import LOOP, new_file
from neurorec.runs.layout import Plan
from neurorec.runs.networks import build_network, network_from
from neurorec.runs.slots import State, build_slots, older_slot, write_slot
from neurorec.runs.stored_layout import stored_layout
from neurorec.runs.structure import build_log, build_root, build_trajectories
from neurorec.trust import Trusted

WRITTEN = ("loop", "state", "log", "trajectories", "checksums")  # while it learns
EXPECTED = "a file written by SequenceLoop.save or .learn(path=)"


class StoredLoop(NamedTuple):
    """What a loop is made again from.

    Attributes
    ----------
    network : Network
    settings : dict
        All that does not change while it learns.
    state : State
        ``trials``: transitions of this file's learning so far; ``updates``: of all; ``vector``: weights of the readout, flat;
        ``carried``: where the loop stands.
    """

    network: Any
    settings: dict[str, Any]
    state: State


@final
class LoopFile:
    """Room for all that a learning leaves; one "trial" of its plan is a syllable.

    Get one from `create` or `open`. Safe to be killed at any moment, by the same rule and the same two states as a run file.
    """

    def __init__(self, file: h5py.File, path: Path):
        self._file, self.path = file, path
        with reading(path, "its layout"):
            self.layout = stored_layout(file)

    @classmethod
    def create(cls, path: Path, plan: Plan, shape: tuple[int, ...], overwrite: bool) -> LoopFile:
        """A new file, open for writing.

        Parameters
        ----------
        path : Path
        plan : Plan
        shape : (syllables, cells)
            Of the readout's weights.
        overwrite : bool

        Raises
        ------
        RunFileError
            If the file exists, or has no room.
        """
        plan.check()
        again = plan.state.vector.nbytes + plan.state.carried.nbytes  # in /loop, where they have names
        return cls(new_file(path, plan.bytes + again, overwrite, lambda file: _build(file, plan, shape), WRITTEN), path)

    @classmethod
    def open(cls, path: Path) -> LoopFile:
        """One that is there, to go on with it.

        Raises
        ------
        RunFileError
            If it is missing, holds no loop, or is being written.
        """
        file = opened(path, "r+", EXPECTED)
        try:
            _expect_loop(path, file)
            return cls(file, path)
        except RunFileError:
            file.close()
            raise

    def stored(self, trust: Trusted = False) -> StoredLoop:
        """As `read_loop`, of the state that is whole where one is damaged."""
        return _stored(self.path, self._file, _newest(self.path, self._file), trust)

    def log(self, rows: int) -> np.ndarray:
        """The first rows, (columns, rows).

        Raises
        ------
        RunFileError
            If they are not as they were written.
        """
        names = self.layout.variables("log")
        with reading(self.path, "/log"):
            expect_good(bad_rows(self._file, "log", names, np.s_[:rows]), self.path, "/log")
            return np.array([self._file[f"log/{name}"][:rows] for name in names])

    @writes
    def write_trajectories(self, number: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Those of one syllable that is to be recorded, (T, 1, C) each."""
        row = self.layout.rows(np.array([number]))
        for name, array in arrays.items():
            kept = np.asarray(self.layout.record.pick(name, array), np.float32)
            put(self._file[f"trajectories/{name}"], kept, np.s_[:, row, :])
            note_trials(self._file, name, kept, row)

    @writes
    def checkpoint(self, first: int, rows: np.ndarray, state: State) -> None:
        """Fill rows of the log from `first` on, (columns, n), and store what the loop has become, beside the last state."""
        for name, values in zip(self.layout.columns, rows, strict=True):
            put(self._file[f"log/{name}"], values, np.s_[first : first + len(values)])
        note_rows(self._file, "log", self.layout.variables("log"), np.s_[first : first + rows.shape[1]])
        write_slot(self._file[older_slot(self._file)], state)
        self._file.flush()
        expect_in_place(self._file, self.path)

    @writes
    def finish(self, state: State, units: np.ndarray) -> None:
        """Show, under names, what the loop has become, with the states of the units."""
        group = self._file["loop"]
        with rewriting(self._file, "loop"):
            put(group["weights"], state.vector.reshape(group["weights"].shape))
            put(group["state"], units.ravel())
            put(group["transitions"], state.updates)
        self._file.flush()

    @writes
    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def what_is_left(self) -> str:
        """How far the file is whole, and how to go on."""
        with opened(self.path, "r") as kept:  # this one may be closed, or closing
            done = _newest(self.path, kept).trials
        return f"it is whole up to transition {done}: free some room, or mend the device, then go on with SequenceLoop.resume({str(self.path)!r})"


def read_loop(path: Path, trust: Trusted = False) -> StoredLoop:
    """What a file holds, also while it is being written; of classes of others, those that are trusted.

    Raises
    ------
    RunFileError
        If the file is missing, is damaged or holds no loop.
    """
    with opened(path, "r", EXPECTED) as file:
        _expect_loop(path, file)
        return _stored(path, file, _to_read(path, file), trust)


def _expect_loop(path: Path, file: h5py.File) -> None:
    with reading(path, "what the file says of itself"):
        if text(file, "kind", "") != LOOP:
            raise RunFileError(f"{path} holds no sequence loop; expected {EXPECTED}")
        if SLOTS[0] not in file:
            raise RunFileError(f"{path} was written by an older neurorec, whose loops cannot be read; let the loop learn again")


def _stored(path: Path, file: h5py.File, state: State, trust: Trusted) -> StoredLoop:
    with reading(path, "its network or its settings"):
        return StoredLoop(network_from(file["network"], trust), json.loads(text(file, "config")), state)


def _to_read(path: Path, file: h5py.File) -> State:
    """The newest, for who wants its numbers: those before it are others."""
    state = _newest(path, file)
    if bad := damaged_slots(file):
        why = (
            f"does not match its checksum; SequenceLoop.resume goes on from the other state, after transition {state.trials}, and mends it"
        )
        raise RunFileError(f"{path} is damaged: /{bad[0]} {why}")
    return state


def _newest(path: Path, file: h5py.File) -> State:
    with reading(path, "its state"):
        state = newest_state(file)
    if state is None:
        raise damaged(path, "both states of its loop", "do not match their checksums")
    return state


def _build(file: h5py.File, plan: Plan, shape: tuple[int, ...]) -> None:
    build_root(file, plan, LOOP)
    build_network(file.create_group("network"), plan.network)
    build_slots(file, plan.state)
    _build_loop(file.create_group("loop"), plan, shape)
    build_log(file.create_group("log"), plan.layout)
    build_trajectories(file.create_group("trajectories"), plan.layout, plan.network.units)
    build_checksums(file, ("loop",), plan.layout)


def _build_loop(group: h5py.Group, plan: Plan, shape: tuple[int, ...]) -> None:
    syllable, cell = (dimension(group, name, size) for name, size in zip(("syllable", "cell"), shape, strict=True))
    number = dimension(group, "state_number", plan.network.initial.size)
    put(
        allocate(group, "weights", [syllable, cell], np.float64, "1", "weights of the winner-take-all readout"),
        plan.state.vector.reshape(shape),
    )
    allocate(group, "state", [number], np.float64, "1", "states of the units")
    allocate(group, "transitions", [], np.int64, "1", "transitions learnt from when these were stored")[()] = plan.state.updates
