"""The layout that a file keeps, held against what the file has room for."""

from __future__ import annotations

import h5py

from neurorec.arrays import positive, whole
from neurorec.hdf5 import values
from neurorec.runs.layout import Layout


def stored_layout(file: h5py.File) -> Layout:
    """What `build` was told, read back.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is none, or says more than the file holds.
    """
    layout = Layout.from_json(values.text(file, "layout"))
    for name in ("total", "steps", "batch", "n_inputs", "n_outputs"):
        whole(name, getattr(layout, name), least=0)
    positive("dt", layout.dt)
    record = layout.record
    _expect_rows(file["log/trial"], layout.total)
    _expect_rows(file["trajectories/trial"], -(-layout.total // record.every) if record.variables else 0)
    _expect_rows(file["trajectories/time"], 1 if record.reduce else layout.steps // record.steps)
    names = [*layout.columns, *layout.conditions, *record.variables, *(word for pair in layout.columns.values() for word in pair)]
    if odd := [name for name in names if not (isinstance(name, str) and name.isprintable())]:
        raise ValueError(f"{odd[0]!r} is no name")
    return layout


def _expect_rows(scale: h5py.Dataset, rows: int) -> None:
    if values.whole(scale).shape != (rows,):
        raise ValueError(f"{scale.name} has {scale.shape} rows, the layout says {rows}")
