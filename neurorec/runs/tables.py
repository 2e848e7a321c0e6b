"""Log, trajectories and conditions of a file as xarray shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from neurorec.hdf5.damage import reading
from neurorec.hdf5.values import NUMBERS, TEXT, text, whole
from neurorec.hdf5.wholes import has_checksums
from neurorec.runs.damaged_rows import bad_rows, bad_trials, expect_good, rows_in_use, rows_written
from neurorec.runs.datasets import decoded
from neurorec.runs.layout import Layout, stored_layout
from neurorec.runs.open_file import AbstractFile

if TYPE_CHECKING:
    import xarray

ABOUT = ("units", "long_name", "cell_methods")


def read_log(source: AbstractFile) -> xarray.Dataset:
    """The log over ``trial``, as far as it was written.

    Raises
    ------
    RunFileError
        If a row of the trials done is not as it was written.
    """
    file, layout, done = source.file, source.layout, source.state.trials
    with reading(source.name, "/log"):
        names = layout.variables("log")
        if not has_checksums(file):
            return table(file, layout, "log", names, rows_written(file["log"], names, done))
        expect_good(bad_rows(file, "log", names, np.s_[:done]), source.name, "/log")
        return table(file, layout, "log", names, rows_in_use(file, layout, "log", done))


def read_newest(source: AbstractFile, rows: int | None) -> dict[str, np.ndarray]:
    """The newest rows of the log, (n,) a column, of trials done; the file is opened once, and only those rows are compared with their checksums.

    Raises
    ------
    RunFileError
        If one is not as it was written.
    """
    file = source.file
    with reading(source.name, "/log"):
        done, names = source.state_in(file).trials, stored_layout(file).variables("log")
        kept = np.s_[0 if rows is None else max(0, done - rows) : done]
        if has_checksums(file):
            expect_good(bad_rows(file, "log", names, kept), source.name, "/log")
        return {name: whole(file[f"log/{name}"], NUMBERS)[kept] for name in ("trial", *names)}


def read_trajectories(source: AbstractFile, names: tuple[str, ...]) -> xarray.Dataset:
    """Some recorded variables, or all, over time, trial and unit or channel; the trials' conditions are coordinates.

    Raises
    ------
    RunFileError
        If a trial of them is not as it was written.
    UnknownName
        If a variable was not recorded.
    """
    file, layout, done = source.file, source.layout, source.state.trials
    for name in names:
        source.expect("trajectories", name)
    names = names or layout.variables("trajectories")
    with reading(source.name, "/trajectories"):
        rows = _recorded_rows(source, file, names, len(layout.record.trials(0, done)))
        data = table(file, layout, "trajectories", names, rows)
        conditions = table(file, layout, "trials", layout.conditions, rows)
    return data.assign_coords({name: conditions[name] for name in conditions.data_vars if name not in data.variables})


def _recorded_rows(source: AbstractFile, file: h5py.File, names: tuple[str, ...], least: int) -> int:
    """How many recorded trials there are to show, once all of them are found to be as they were written."""
    layout = source.layout
    if not has_checksums(file):
        return rows_written(file["trajectories"], layout.variables("trajectories"), least)
    for name in names:
        expect_good(bad_trials(file, name, np.s_[:least]), source.name, f"/trajectories/{name}")
    rows = rows_in_use(file, layout, "trajectories", least)
    expect_good(bad_rows(file, "trials", layout.variables("trials"), np.s_[:rows]), source.name, "/trials")
    return rows


def table(file: h5py.File, layout: Layout, group: str, names: Sequence[str], rows: int) -> xarray.Dataset:
    """Variables of a group with their coordinates, the first `rows` trials, copied into memory.

    The names of the dimensions are the layout's: in the file they are references, which HDF5 follows wherever they lead.
    """
    import xarray

    data = {name: _variable(file[f"{group}/{name}"], dimensions(layout, group, name), rows) for name in names}
    dims = {"trial", *(dim for own, _, _ in data.values() for dim in own)}
    return xarray.Dataset(data, {dim: _variable(file[f"{group}/{dim}"], (dim,), rows) for dim in dims})


def dimensions(layout: Layout, group: str, name: str) -> tuple[str, ...]:
    """Names of the dimensions of a variable of the log, the trajectories or the conditions."""
    return ("time", "trial", layout.last_dimension(name, 0)[0]) if group == "trajectories" else ("trial",)


def sizes(file: h5py.File, layout: Layout) -> dict[str, Mapping[str, int]]:
    """Sizes of the recorded variables, by dimension."""
    names = layout.variables("trajectories")
    return {name: dict(zip(dimensions(layout, "trajectories", name), file[f"trajectories/{name}"].shape, strict=True)) for name in names}


def _variable(data: h5py.Dataset, dims: tuple[str, ...], rows: int) -> tuple[tuple[str, ...], np.ndarray, dict[str, Any]]:
    """Dimensions, values and attributes of a variable, as xarray takes them."""
    kept = tuple(slice(rows if dim == "trial" else None) for dim in dims)
    values = whole(data, NUMBERS + TEXT)[kept]
    return dims, decoded(values) if values.dtype.kind in TEXT else values, {name: text(data, name) for name in ABOUT if name in data.attrs}
