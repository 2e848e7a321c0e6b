"""Arrays and attributes of a file that may come from anybody."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d

from neurorec.hdf5.sliced import Sliced, SlicedData

NUMBERS, TEXT = "iuf", "S"  # kinds of NumPy's types


def fetch(group: h5py.Group, name: str) -> np.ndarray:
    """Numbers, copied into memory.

    Raises
    ------
    TypeError, ValueError, KeyError
        If there are none of that name, or they are nothing that we write; see `neurorec.hdf5.damage.reading`.
    """
    return whole(group[name])[()]


def whole(data: Any, kinds: str = NUMBERS) -> h5py.Dataset:
    """A dataset that may be read: its numbers are there, so that nothing is made up from a declared size."""
    stored = data.below if isinstance(data, SlicedData) else data
    if not isinstance(stored, h5py.Dataset) or stored.dtype.kind not in kinds or stored.dtype.fields or stored.shape is None:
        raise TypeError(f"{getattr(data, 'name', data)} holds no plain numbers")
    layout = stored.id.get_create_plist().get_layout()
    if layout == h5d.VIRTUAL:  # `neurorec.hdf5.inside` has seen that it is of this file's parts, and how much these hold
        return data
    if layout not in (h5d.CONTIGUOUS, h5d.COMPACT) or stored.id.get_storage_size() != stored.nbytes:
        raise ValueError(f"{stored.name} declares {stored.nbytes} bytes and has {stored.id.get_storage_size()}")
    return data


def text(holder: h5py.HLObject, name: str, otherwise: str | None = None) -> str:
    """An attribute that is a text.

    Raises
    ------
    TypeError, KeyError
        If it is none, or missing and there is nothing otherwise.
    """
    if isinstance(holder, Sliced) and name in holder.own:
        return holder.own[name]
    if otherwise is not None and name not in holder.attrs:
        return otherwise
    if (attribute := h5a.open(holder.id, name.encode())).shape != () or h5py.check_string_dtype(attribute.dtype) is None:
        raise TypeError(f"attribute {name} is no text")
    value = holder.attrs[name]
    return value.decode() if isinstance(value, bytes) else str(value)


def number(holder: h5py.HLObject, name: str) -> float:
    """An attribute that is one number."""
    if isinstance(holder, Sliced) and name in holder.own:
        return holder.own[name]
    attribute = h5a.open(holder.id, name.encode())
    if attribute.shape != () or attribute.dtype.kind not in NUMBERS:
        raise TypeError(f"attribute {name} is no number")
    return holder.attrs[name].item()


def plain_attributes(holder: h5py.HLObject) -> dict[str, Any]:
    """Those that are texts or numbers, one each."""
    found: dict[str, Any] = {}
    for name in holder.attrs:
        attribute = h5a.open(holder.id, name.encode())
        if attribute.shape == ():
            is_text = h5py.check_string_dtype(attribute.dtype) is not None
            found |= {name: text(holder, name)} if is_text else {name: holder.attrs[name]} if attribute.dtype.kind in NUMBERS else {}
    return found
