"""What was logged and recorded, as xarray shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import h5py
import numpy as np

if TYPE_CHECKING:
    import xarray


def rows_written(group: h5py.Group, names: Sequence[str], least: int) -> int:
    """Rows up to the last that holds a number, and at least those of the trials done (which may have diverged)."""
    data = [group[name] for name in names]
    firsts = [d[()] if d.ndim == 1 else d[0, :, 0] for d in data if 0 not in d.shape]
    return max([least, *(int(np.flatnonzero(~np.isnan(f))[-1]) + 1 for f in firsts if not np.isnan(f).all())])


def table(group: h5py.Group, names: Sequence[str], rows: int) -> xarray.Dataset:
    """Variables of a group with their coordinates, the first trials of each, copied into memory."""
    import xarray

    data = {name: _variable(group[name], rows) for name in names}
    dims = {"trial", *(dim for own, _, _ in data.values() for dim in own)}
    return xarray.Dataset(data, {dim: _variable(group[dim], rows) for dim in dims})


def _variable(data: h5py.Dataset, rows: int) -> tuple[tuple[str, ...], np.ndarray, dict[str, str]]:
    """Dimensions, values and attributes, as xarray takes them."""
    dims = tuple(str(axis.label) for axis in data.dims)
    kept = tuple(slice(rows if dim == "trial" else None) for dim in dims)
    return dims, data[kept], {name: data.attrs[name] for name in ("units", "long_name", "cell_methods") if name in data.attrs}
