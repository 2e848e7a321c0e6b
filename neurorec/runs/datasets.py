"""One dataset: made with room on disk and named dimensions, and overwritten in place; texts have a fixed length, for the same reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from neurorec.errors import ShapeError
from neurorec.hdf5.describing import attach, describe, label

NOT_A_VARIABLE = "This is a netCDF dimension but not a netCDF variable. {:10d}"  # netCDF-4's mark of a dimension without coordinate
FILL = {"f": np.nan, "S": b""}  # until something is written; 0 in integers
LEAST, WORD = 64, 8  # bytes of a text: room for texts longer than those of the first trial; checksums take eight bytes at a time
CUT = "…"  # at the end of a text that was longer


def coordinate(group: h5py.Group, name: str, values: np.ndarray, unit: str, long_name: str) -> h5py.Dataset:
    """The scale of a dimension, made on first use."""
    if name in group:
        return group[name]
    scale = group.create_dataset(name, data=values)
    scale.make_scale(name)
    label(scale, [name])
    describe(scale, units=unit, long_name=long_name)
    return scale


def dimension(group: h5py.Group, name: str, size: int) -> h5py.Dataset:
    """A dimension without coordinate, made on first use; it is never allocated and so takes no room."""
    if name in group:
        return group[name]
    scale = group.create_dataset(name, (size,), ">f4")
    scale.make_scale(NOT_A_VARIABLE.format(size))
    label(scale, [name])
    return scale


def allocate(group: h5py.Group, name: str, scales: Sequence[h5py.Dataset], dtype: Any, unit: str, long_name: str) -> h5py.Dataset:
    """A contiguous dataset, allocated at once and filled with `FILL`; `create_dataset` would allocate on first write."""
    dtype, shape = np.dtype(dtype), tuple(scale.shape[0] for scale in scales)
    space, how = h5py.h5s.create_simple(shape), _contiguous(np.array(FILL.get(dtype.kind, 0), dtype))
    data = h5py.Dataset(h5py.h5d.create(group.id, name.encode(), h5py.h5t.py_create(dtype, logical=True), space, how))
    label(data, [scale.name.rpartition("/")[2] for scale in scales])
    attach(data, scales)
    describe(data, units=unit, long_name=long_name)
    return data


def put(data: h5py.Dataset, values: Any, where: Any = ()) -> None:
    """Overwrite raw data in place.

    Raises
    ------
    ShapeError
        If the values have another shape than the place; h5py alone would broadcast them.
    """
    values = np.asarray(values, data.dtype)
    where = where if isinstance(where, tuple) else (where,)
    expected = tuple(len(range(*part.indices(n))) for part, n in zip(where, data.shape, strict=True)) if where else data.shape
    if values.shape != expected:
        raise ShapeError(f"{data.name} has room for shape {expected} there, got {values.shape}; see Record.pick and RunWriter.extend")
    if values.size:
        data[where] = values


def fill_with_nan(data: h5py.Dataset) -> None:
    """Overwrite all of it."""
    put(data, np.full(data.shape, np.nan))


def text_widths(conditions: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Which conditions are texts, and how many bytes each text of them gets."""
    texts = {name: np.char.encode(value, "utf-8") for name, value in conditions.items() if value.dtype.kind == "U"}
    return {name: -(-max(LEAST, 2 * value.dtype.itemsize) // WORD) * WORD for name, value in texts.items()}


def allocate_texts(group: h5py.Group, name: str, scales: Sequence[h5py.Dataset], width: int, long_name: str) -> None:
    """Texts, empty at first; by ``_Encoding`` xarray shows them as text."""
    data = allocate(group, name, scales, h5py.string_dtype("utf-8", width), "1", long_name)
    data.attrs["_Encoding"] = "utf-8"
    data[...] = np.zeros(data.shape, data.dtype)  # HDF5's fill value is of another type of text and would come out as anything


def encoded(values: Any, width: int) -> np.ndarray:
    """Texts as the file stores them, cut to `width` bytes."""
    return np.array([_fitting(str(value), width) for value in values], f"S{width}")


def decoded(values: np.ndarray) -> np.ndarray:
    """Texts that `encoded` stored."""
    return np.char.decode(values, "utf-8")


def _fitting(value: str, width: int) -> bytes:
    whole = value.encode()
    if len(whole) <= width:
        return whole
    return whole[: width - len(CUT.encode())].decode(errors="ignore").encode() + CUT.encode()


def _contiguous(fill: np.ndarray) -> Any:
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_layout(h5py.h5d.CONTIGUOUS)
    how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    how.set_fill_time(h5py.h5d.FILL_TIME_ALLOC)
    how.set_fill_value(fill)
    how.set_obj_track_times(False)
    return how
