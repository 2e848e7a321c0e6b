"""Checksums of what a training overwrites: each is written after its numbers, and compared when those are read.

A network, checkpoint or loop has one; a row of the log and of the conditions has one; a recorded trial has one a variable. A kill
leaves numbers that are newer than their checksum only after the last state, where nothing is relied on. Files of format 1 have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import h5py
import numpy as np

from neurorec.hdf5.checksums import NEVER, NOT_WHOLE, of_rows, of_trials
from neurorec.hdf5.damage import damaged
from neurorec.hdf5.values import NUMBERS, TEXT, whole
from neurorec.hdf5.wholes import CHECKSUMS, checksum, checksum_of
from neurorec.runs.datasets import allocate, dimension, put
from neurorec.runs.layout import Layout

BLOCK = 2**24  # bytes that are read at a time


def build_checksums(file: h5py.File, wholes: Sequence[str], layout: Layout) -> None:
    """Room for all of them; the wholes are in the file already."""
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
    """Room for those of a simulation, which is written step by step."""
    group = file.require_group(f"{CHECKSUMS}/trajectories")
    step = dimension(group, "step", len(layout.times))
    for name in layout.record.variables:
        allocate(group, name, [step], np.int64, "1", f"checksum of {name} in each recorded time step; 0: never written")


@contextmanager
def rewriting(file: h5py.File, name: str, arrays: Mapping[str, np.ndarray] | None = None) -> Iterator[None]:
    """Not whole while it is written, then with its checksum; that of all its arrays by path, if they are at hand."""
    kept = f"{CHECKSUMS}/{name}"
    if kept in file:
        put(file[kept], NOT_WHOLE)
    yield
    if kept in file:
        put(file[kept], checksum(file[name]) if arrays is None else checksum_of(arrays))


def note_rows(file: h5py.File, group: str, names: Sequence[str], rows: slice) -> None:
    """After rows of a table were written."""
    if CHECKSUMS in file and names:
        put(file[f"{CHECKSUMS}/{group}"], of_rows([file[f"{group}/{name}"][rows] for name in names]), rows)


def note_trials(file: h5py.File, name: str, array: np.ndarray, rows: slice) -> None:
    """After trajectories were written."""
    if CHECKSUMS in file:
        put(file[f"{CHECKSUMS}/trajectories/{name}"], of_trials(array), rows)


def note_steps(file: h5py.File, name: str, array: np.ndarray, steps: slice) -> None:
    """After some time steps of a simulation were written, (T', B, C')."""
    put(file[f"{CHECKSUMS}/trajectories/{name}"], of_trials(np.asarray(array, np.float32).swapaxes(0, 1)), steps)


def bad_steps(file: h5py.File, name: str, steps: slice) -> np.ndarray:
    """Which time steps of a simulation are not as they were written, (n,) of bool; a block of them in memory at a time."""
    data, kept = whole(file[f"trajectories/{name}"]), whole(file[f"{CHECKSUMS}/trajectories/{name}"])[steps]
    step = max(1, BLOCK * max(1, len(data)) // max(1, data.nbytes))
    bad = [of_trials(data[at : min(at + step, len(kept))].swapaxes(0, 1)) for at in range(0, len(kept), step)]
    return np.concatenate([np.zeros(0, np.int64), *bad]) != kept


def bad_rows(file: h5py.File, group: str, names: Sequence[str], rows: slice) -> np.ndarray:
    """Which rows of a table are not as they were written, (n,) of bool."""
    columns = [whole(file[f"{group}/{name}"], NUMBERS + TEXT)[rows] for name in names]
    kept = whole(file[f"{CHECKSUMS}/{group}"])[rows]
    blank = [np.isnan(column) if column.dtype.kind == "f" else column == np.zeros((), column.dtype) for column in columns]
    return np.where(kept == NEVER, ~np.all(blank, axis=0), kept != of_rows(columns)) if names else np.zeros(len(kept), bool)


def bad_trials(file: h5py.File, name: str, rows: slice) -> np.ndarray:
    """Which recorded trials of a variable are not as they were written, (n,) of bool; a block of them in memory at a time."""
    data, kept = whole(file[f"trajectories/{name}"]), whole(file[f"{CHECKSUMS}/trajectories/{name}"])[rows]
    first, step = rows.start or 0, max(1, BLOCK * max(1, data.shape[1]) // max(1, data.nbytes))
    blocks = [slice(at, min(at + step, len(kept))) for at in range(0, len(kept), step)]
    bad = [_bad_trials(data[:, first + each.start : first + each.stop], kept[each]) for each in blocks]
    return np.concatenate([np.zeros(0, bool), *bad])


def _bad_trials(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return np.where(kept == NEVER, ~np.isnan(values).all(axis=(0, 2)), kept != of_trials(values))


def expect_good(bad: np.ndarray, path: object, part: str) -> None:
    """Refuse a table or trajectory some rows of which are not as they were written."""
    if bad.any():
        raise damaged(path, f"{part}, in {int(bad.sum())} of {len(bad)} rows, the first of them {int(np.flatnonzero(bad)[0]) + 1},")


def rows_in_use(file: h5py.File, layout: Layout, group: str, least: int) -> int:
    """Rows that hold something: those of the trials done, and what follows without a gap and whole."""
    names, total = layout.variables(group), layout.total if group == "log" else len(layout.recorded)
    kept = [f"{CHECKSUMS}/{group}"] if group == "log" else [f"{CHECKSUMS}/{group}/{name}" for name in names]
    written = np.all([whole(file[each])[least:] != NEVER for each in kept], axis=0) if names else np.zeros(total - least, bool)
    rows = slice(least, least + _run_of(written))
    bad = bad_rows(file, group, names, rows) if group == "log" else np.any([bad_trials(file, name, rows) for name in names], axis=0)
    return least + _run_of(~bad) if names else least


def _run_of(true: np.ndarray) -> int:
    """How many are true before the first that is not."""
    return len(true) if true.all() else int(np.argmin(true))
