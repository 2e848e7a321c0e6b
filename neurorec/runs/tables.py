"""Log, trajectories and conditions of a file as xarray shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from neurorec.hdf5.values import NUMBERS, TEXT, text, whole
from neurorec.runs.datasets import decoded
from neurorec.runs.layout import Layout

if TYPE_CHECKING:
    import xarray

ABOUT = ("units", "long_name", "cell_methods")


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
