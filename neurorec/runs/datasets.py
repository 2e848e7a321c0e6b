"""One dataset: made with room on disk and named dimensions, and overwritten in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from neurorec.errors import ShapeError

NOT_A_VARIABLE = "This is a netCDF dimension but not a netCDF variable. {:10d}"  # netCDF-4's mark of a bare dimension

FILL = {"f": np.nan, "S": b""}  # what stands where nothing was written; 0 in integers


def coordinate(group: h5py.Group, name: str, values: np.ndarray, unit: str, long_name: str) -> h5py.Dataset:
    """The scale of a dimension, made on first use."""
    if name in group:
        return group[name]
    scale = group.create_dataset(name, data=values)
    scale.make_scale(name)
    scale.dims[0].label = name
    scale.attrs.update({"units": unit, "long_name": long_name})
    return scale


def dimension(group: h5py.Group, name: str, size: int) -> h5py.Dataset:
    """A dimension without coordinate, made on first use; takes no room, since it is never allocated."""
    if name in group:
        return group[name]
    scale = group.create_dataset(name, (size,), ">f4")
    scale.make_scale(NOT_A_VARIABLE.format(size))
    scale.dims[0].label = name
    return scale


def allocate(group: h5py.Group, name: str, scales: Sequence[h5py.Dataset], dtype: Any, unit: str, long_name: str) -> h5py.Dataset:
    """A contiguous dataset with room on disk from now on, filled with `FILL`; `create_dataset` would allocate on first write."""
    dtype, shape = np.dtype(dtype), tuple(scale.shape[0] for scale in scales)
    space, how = h5py.h5s.create_simple(shape), _contiguous(np.array(FILL.get(dtype.kind, 0), dtype))
    data = h5py.Dataset(h5py.h5d.create(group.id, name.encode(), h5py.h5t.py_create(dtype, logical=True), space, how))
    for axis, scale in zip(data.dims, scales, strict=True):
        axis.label = scale.dims[0].label
        axis.attach_scale(scale)
    data.attrs.update({"units": unit, "long_name": long_name})
    return data


def _contiguous(fill: np.ndarray) -> Any:
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_layout(h5py.h5d.CONTIGUOUS)
    how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    how.set_fill_time(h5py.h5d.FILL_TIME_ALLOC)
    how.set_fill_value(fill)
    how.set_obj_track_times(False)
    return how


def put(data: h5py.Dataset, values: Any, where: Any = ()) -> None:
    """Overwrite raw data in place; h5py alone would broadcast what does not fit."""
    values = np.asarray(values, data.dtype)
    where = where if isinstance(where, tuple) else (where,)
    expected = tuple(len(range(*part.indices(n))) for part, n in zip(where, data.shape, strict=True)) if where else data.shape
    if values.shape != expected:
        raise ShapeError(f"{data.name} has room for shape {expected} there, got {values.shape}; see Record.pick and RunFile.extend")
    if values.size:
        data[where] = values


def void(data: h5py.Dataset) -> None:
    """Make it NaN."""
    put(data, np.full(data.shape, np.nan))
