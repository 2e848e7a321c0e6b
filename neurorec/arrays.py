"""Checks of arguments: arrays become float64 or are refused in words; and arrays aligned to cache lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurorec.errors import ShapeError, ValueRefused

TIME, TRIAL = "time", ("trial", "trials", "batch", "epoch", "epochs")  # names of dimensions
LINE = 64  # bytes of a cache line: vectors that lie across two of them are read at half the speed
HUGE = 1 << 21  # bytes of a huge page, for which NumPy asks from twice that on: random rows of a large matrix are found faster


def aligned(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """An uninitialised array that begins on a cache line, a large one on a huge page."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    line = LINE if size < HUGE else HUGE
    raw = np.empty(size + 2 * line, np.uint8)
    start = -raw.__array_interface__["data"][0] % line
    return raw[start : start + size].view(dtype).reshape(shape)


def real_array(name: str, value: object, shape: Sequence[int] | None = None, way_out: str = "") -> np.ndarray:
    """`value` as a float64 array.

    Parameters
    ----------
    name : str
        Of the argument, for error texts.
    value : array_like
        Finite real numbers.
    shape : sequence of int, optional
        Expected; -1 stands for any length.
    way_out : str
        What to do if the shape is another one, for error texts.

    Raises
    ------
    ShapeError
        If the shape is another one.
    ValueRefused
        If there are complex numbers, text, NaN or infinities in it, or masked ones.
    """
    expect_unmasked(name, value)
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ShapeError(f"{name} must be a rectangular array of numbers; its rows have different lengths") from error
    if np.iscomplexobj(array):
        raise ValueRefused(f"{name} is complex; expected real numbers, pass {name}.real or its magnitude")
    if array.dtype.kind not in "biuf":
        raise ValueRefused(f"{name} must hold numbers, got {value if array.ndim == 0 else array.dtype!s}; convert it first")
    whole, array = array.dtype.kind in "biu", array.astype(np.float64)
    if shape is not None:
        expect_shape(name, array, shape, way_out)
    if not (whole or np.isfinite(array).all()):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0]) if array.ndim else ()
        raise ValueRefused(
            f"{name} holds {array[where]}{f' at index {where}' if where else ''}; expected finite numbers, remove or interpolate them"
        )
    return array


def expect_shape(name: str, array: np.ndarray, shape: Sequence[int], way_out: str = "") -> None:
    """Refuse an array of another shape than expected, in which -1 stands for any length.

    Raises
    ------
    ShapeError
    """
    if not _fits(array.shape, shape):
        wanted = ", ".join("any" if n == -1 else str(n) for n in shape)
        raise ShapeError(f"{name} must have shape ({wanted}), got {array.shape}{'; ' if way_out else ''}{way_out}")


def expect_unmasked(name: str, value: object) -> None:
    """Refuse masked arrays, alone or in a list, that hide anything: what lies under a mask would be taken for data."""
    for each in value if isinstance(value, list | tuple) else (value,):
        if isinstance(each, np.ma.MaskedArray) and (hidden := int(np.ma.getmaskarray(each).sum())):
            raise ValueRefused(
                f"{name} is a masked array, {hidden} of its {each.size} entries hidden; pass {name}.filled(0), and of nr.Trials say with mask= which steps count"
            )


def time_first(name: str, value: Any) -> Any:
    """An `xarray.DataArray` with its dimensions in the order (time, trial, channel); any other value unchanged.

    Raises
    ------
    ShapeError
        If its names leave it open which dimension is which.
    """
    dims = tuple(map(str, getattr(value, "dims", ())))
    trial = [dim for dim in dims if dim in TRIAL]
    if not dims or not ({TIME, *trial} & set(dims)):
        return value
    if TIME not in dims or len(trial) > 1 or (len(dims) > 2 and not trial) or len(dims) > 3:
        raise ShapeError(
            f"{name} has dimensions ({', '.join(dims)}); rename them to time, trial and one for its channels, or pass {name}.values"
        )
    return value.transpose(TIME, *trial, *(dim for dim in dims if dim != TIME and dim not in trial))


def positive(name: str, value: float, unit: str = "") -> float:
    """`value` as a positive finite float, or refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating) or not 0 < float(value) < np.inf:
        raise ValueRefused(f"{name} must be a positive number{' of ' + unit if unit else ''}, got {value!r}")
    return float(value)


def number(name: str, value: float, least: float = -math.inf, below: float = math.inf) -> float:
    """`value` as a finite float from `least` to below `below`, or refused."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or not least <= value < below:
        bounds = (f" from {least:g}" if least > -math.inf else "") + (f" to below {below:g}" if below < math.inf else "")
        raise ValueRefused(f"{name} must be a finite number{bounds}, got {value!r}")
    return float(value)


def whole(name: str, value: int, least: int = 1) -> int:
    """`value` as an integer from `least`, or refused."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueRefused(f"{name} must be a whole number from {least}, got {value!r}")
    return int(value)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """<a, b> / (|a| |b|) of two arrays of one shape; 0 where one of them is zero."""
    # float64: the square of a large float32 weight overflows
    a, b = a.ravel().astype(float), b.ravel().astype(float)
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size else 0.0


def degrees(a: np.ndarray, b: np.ndarray) -> float:
    """The angle between them, 0 to 180; 90 where one of them is zero."""
    return float(np.degrees(np.arccos(np.clip(cosine(a, b), -1, 1))))


def _fits(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    return len(shape) == len(wanted) and all(w in (-1, n) for n, w in zip(shape, wanted, strict=True))
