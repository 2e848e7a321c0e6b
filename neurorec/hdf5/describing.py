"""Texts and dimensions of new objects in a file, by HDF5's own functions: a run file has hundreds of them, and h5py's classes take far longer."""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

_TEXT, _SCALAR = h5py.string_dtype(), h5py.h5s.create(h5py.h5s.SCALAR)
_STORED = h5py.h5t.py_create(_TEXT, logical=True)


def describe(new: h5py.Group | h5py.Dataset, **texts: str) -> None:
    """Attributes that it does not have yet."""
    for name, text in texts.items():
        h5py.h5a.create(new.id, name.encode(), _STORED, _SCALAR).write(np.array(text, _TEXT))


def label(data: h5py.Dataset, names: Sequence[str]) -> None:
    """Name its dimensions."""
    for axis, name in enumerate(names):
        h5py.h5ds.set_label(data.id, axis, name.encode())


def attach(data: h5py.Dataset, scales: Sequence[h5py.Dataset]) -> None:
    """Give each dimension its scale."""
    for axis, scale in enumerate(scales):
        h5py.h5ds.attach_scale(data.id, scale.id, axis)
