"""Checksums of what a training overwrites: each is written after its numbers, and compared when those are read.

A network, snapshot or loop has one; a row of the log and of the conditions has one; a recorded trial has one a variable. A kill
leaves numbers that are newer than their checksum only after the last resume state, where nothing is relied on. Files of format 1
have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import final

import h5py
import numpy as np

from neurorec.hdf5.checksums import NOT_WHOLE, of_rows, of_trials
from neurorec.hdf5.wholes import CHECKSUMS, checksum, checksum_of
from neurorec.runs.datasets import allocate, dimension, put
from neurorec.runs.layout import Layout


def build_checksums(file: h5py.File, wholes: Sequence[str], layout: Layout) -> None:
    """Make room for all of them; the wholes are in the file already."""
    group = file.require_group(CHECKSUMS)
    for name in wholes:
        parent, _, last = name.rpartition("/")
        where = group.require_group(parent) if parent else group
        allocate(where, last, [], np.int64, "1", f"CRC-32 of /{name}; {NOT_WHOLE}: not whole")[()] = NOT_WHOLE
    row, recorded = dimension(group, "row", layout.total), dimension(group, "recorded", len(layout.recorded))
    allocate(group, "log", [row], np.int64, "1", "checksum of each row of /log; 0: never written")
    allocate(group, "trials", [recorded], np.int64, "1", "checksum of each row of /trials; 0: never written")
    trajectories = group.require_group("trajectories")
    for name in layout.record.variables:
        allocate(trajectories, name, [recorded], np.int64, "1", f"checksum of {name} in each recorded trial; 0: never written")


def build_step_checksums(file: h5py.File, layout: Layout) -> None:
    """Make room for those of a simulation, which is written step by step."""
    group = file.require_group(f"{CHECKSUMS}/trajectories")
    step = dimension(group, "step", len(layout.times))
    for name in layout.record.variables:
        allocate(group, name, [step], np.int64, "1", f"checksum of {name} in each recorded time step; 0: never written")


@contextmanager
def rewriting(file: h5py.File, name: str, arrays: Mapping[str, np.ndarray] | None = None) -> Iterator[None]:
    """Mark a group as not whole while the block overwrites it, then write its checksum.

    Parameters
    ----------
    file : h5py.File
    name : str
        Path of the group.
    arrays : mapping of str to array, optional
        All that the group holds, by path, if at hand. None: read back from the file.
    """
    stored = f"{CHECKSUMS}/{name}"
    if stored in file:
        put(file[stored], NOT_WHOLE)
    yield
    if stored in file:
        put(file[stored], checksum(file[name]) if arrays is None else checksum_of(arrays))


def note_rows(file: h5py.File, group: str, names: Sequence[str], rows: slice) -> None:
    """Write the checksums of some rows of a table, which are in the file already."""
    if CHECKSUMS in file and names:
        put(file[f"{CHECKSUMS}/{group}"], of_rows([file[f"{group}/{name}"][rows] for name in names]), rows)


def note_trials(file: h5py.File, name: str, array: np.ndarray, rows: slice) -> None:
    """Write the checksums of some trials of a trajectory, (T', B, C')."""
    if CHECKSUMS in file:
        put(file[f"{CHECKSUMS}/trajectories/{name}"], of_trials(array), rows)


def note_steps(file: h5py.File, name: str, array: np.ndarray, steps: slice) -> None:
    """Write the checksums of some time steps of a simulation, (T', B, C')."""
    put(file[f"{CHECKSUMS}/trajectories/{name}"], of_trials(np.asarray(array, np.float32).swapaxes(0, 1)), steps)


@final
class PendingChecksums:
    """Checksums of recorded trials that wait for the next resume state.

    Before it nothing relies on them, and written one by one they would cost a quarter of a short trial. What waits is bounded by what
    a second records, eight bytes a trial and variable.
    """

    def __init__(self) -> None:
        self._trials: dict[str, list[tuple[slice, np.ndarray]]] = {}
        self._rows: list[slice] = []

    def trials(self, name: str, array: np.ndarray, rows: slice) -> None:
        """Some trials of a variable were written, (T', B, C')."""
        self._trials.setdefault(name, []).append((rows, of_trials(array)))

    def rows(self, rows: slice) -> None:
        """Conditions of some trials were written."""
        self._rows.append(rows)

    def write(self, file: h5py.File, conditions: Sequence[str]) -> None:
        """Write all that wait, if the file has room for checksums."""
        if (self._trials or self._rows) and CHECKSUMS in file:
            for name, found in self._trials.items():
                self._write(file, name, found)
            for rows in _joined(self._rows):
                note_rows(file, "trials", conditions, rows)
        self._trials, self._rows = {}, []

    def _write(self, file: h5py.File, name: str, found: list[tuple[slice, np.ndarray]]) -> None:
        values, at = np.concatenate([each for _, each in found]), 0
        for rows in _joined([rows for rows, _ in found]):
            put(file[f"{CHECKSUMS}/trajectories/{name}"], values[at : at + rows.stop - rows.start], rows)
            at += rows.stop - rows.start


def _joined(rows: list[slice]) -> list[slice]:
    """Successive slices become one."""
    joined: list[slice] = []
    for each in rows:
        start = joined.pop().start if joined and joined[-1].stop == each.start else each.start
        joined.append(slice(start, each.stop))
    return joined
