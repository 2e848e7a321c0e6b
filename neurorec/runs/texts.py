"""Conditions that are words, in strings of a fixed length: their room, too, is made before the first trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from neurorec.runs.datasets import allocate

LEAST, WORD = 64, 8  # bytes: room for words that are longer than the first trial's; checksums take eight bytes at a time
CUT = "…"  # at the end of what was longer


def text_widths(conditions: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Which conditions are texts, and how many bytes each is given."""
    texts = {name: np.char.encode(value, "utf-8") for name, value in conditions.items() if value.dtype.kind == "U"}
    return {name: -(-max(LEAST, 2 * value.dtype.itemsize) // WORD) * WORD for name, value in texts.items()}


def allocate_texts(group: h5py.Group, name: str, scale: h5py.Dataset, width: int) -> None:
    """Room for one text a row, empty at first; ``_Encoding`` tells xarray to show them as text."""
    data = allocate(group, name, [scale], h5py.string_dtype("utf-8", width), "1", f"condition {name}")
    data.attrs["_Encoding"] = "utf-8"
    data[...] = np.zeros(data.shape, data.dtype)  # HDF5's fill value is of another type of text, and comes out as anything


def encoded(values: Any, width: int) -> np.ndarray:
    """Texts as the file keeps them."""
    return np.array([_fitting(str(value), width) for value in values], f"S{width}")


def decoded(values: np.ndarray) -> np.ndarray:
    """Texts as they were."""
    return np.char.decode(values, "utf-8")


def _fitting(value: str, width: int) -> bytes:
    whole = value.encode()
    if len(whole) <= width:
        return whole
    return whole[: width - len(CUT.encode())].decode(errors="ignore").encode() + CUT.encode()
