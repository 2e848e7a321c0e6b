"""Which rows of a table, trials of a trajectory and steps of a simulation no longer match their checksums."""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

from neurorec.hdf5.checksums import NEVER, of_rows, of_trials
from neurorec.hdf5.damage import damaged
from neurorec.hdf5.values import NUMBERS, TEXT, whole
from neurorec.hdf5.wholes import CHECKSUMS
from neurorec.runs.layout import Layout

BLOCK = 2**24  # bytes that are read at a time


def bad_rows(file: h5py.File, group: str, names: Sequence[str], rows: slice) -> np.ndarray:
    """Which rows of a table are not as they were written, (n,) of bool."""
    columns = [whole(file[f"{group}/{name}"], NUMBERS + TEXT)[rows] for name in names]
    stored = whole(file[f"{CHECKSUMS}/{group}"])[rows]
    blank = [np.isnan(column) if column.dtype.kind == "f" else column == np.zeros((), column.dtype) for column in columns]
    return np.where(stored == NEVER, ~np.all(blank, axis=0), stored != of_rows(columns)) if names else np.zeros(len(stored), bool)


def bad_trials(file: h5py.File, name: str, rows: slice) -> np.ndarray:
    """Which recorded trials of a variable are not as they were written, (n,) of bool; a block of them in memory at a time."""
    data, stored = whole(file[f"trajectories/{name}"]), whole(file[f"{CHECKSUMS}/trajectories/{name}"])[rows]
    first, step = rows.start or 0, max(1, BLOCK * max(1, data.shape[1]) // max(1, data.nbytes))
    blocks = [slice(at, min(at + step, len(stored))) for at in range(0, len(stored), step)]
    bad = [_bad_trials(data[:, first + each.start : first + each.stop], stored[each]) for each in blocks]
    return np.concatenate([np.zeros(0, bool), *bad])


def bad_steps(file: h5py.File, name: str, steps: slice) -> np.ndarray:
    """Which time steps of a simulation are not as they were written, (n,) of bool; a block of them in memory at a time."""
    data, stored = whole(file[f"trajectories/{name}"]), whole(file[f"{CHECKSUMS}/trajectories/{name}"])[steps]
    step = max(1, BLOCK * max(1, len(data)) // max(1, data.nbytes))
    found = [of_trials(data[at : min(at + step, len(stored))].swapaxes(0, 1)) for at in range(0, len(stored), step)]
    return np.concatenate([np.zeros(0, np.int64), *found]) != stored


def expect_good(bad: np.ndarray, path: object, part: str) -> None:
    """Refuse a table or trajectory some rows of which are not as they were written."""
    if bad.any():
        raise damaged(path, f"{part}, in {int(bad.sum())} of {len(bad)} rows, the first of them {int(np.flatnonzero(bad)[0]) + 1},")


def rows_in_use(file: h5py.File, layout: Layout, group: str, least: int) -> int:
    """Rows that hold something: those of the trials done, and what follows without a gap and whole."""
    names, total = layout.variables(group), layout.total if group == "log" else len(layout.recorded)
    checksums = [f"{CHECKSUMS}/{group}"] if group == "log" else [f"{CHECKSUMS}/{group}/{name}" for name in names]
    written = np.all([whole(file[each])[least:] != NEVER for each in checksums], axis=0) if names else np.zeros(total - least, bool)
    rows = slice(least, least + _leading(written))
    bad = bad_rows(file, group, names, rows) if group == "log" else np.any([bad_trials(file, name, rows) for name in names], axis=0)
    return least + _leading(~bad) if names else least


def rows_written(group: h5py.Group, names: Sequence[str], least: int) -> int:
    """The same for files without checksums: up to the last row that holds a number, at least those of the trials done, which may have diverged."""
    data = [whole(group[name]) for name in names]
    firsts = [d[()] if d.ndim == 1 else d[0, :, 0] for d in data if 0 not in d.shape]
    return max([least, *(int(np.flatnonzero(~np.isnan(f))[-1]) + 1 for f in firsts if not np.isnan(f).all())])


def _bad_trials(values: np.ndarray, stored: np.ndarray) -> np.ndarray:
    return np.where(stored == NEVER, ~np.isnan(values).all(axis=(0, 2)), stored != of_trials(values))


def _leading(true: np.ndarray) -> int:
    """How many are true before the first that is not."""
    return len(true) if true.all() else int(np.argmin(true))
