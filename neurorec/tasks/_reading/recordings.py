"""Recordings: from a file of numbers, or an array. Only the file itself is read: no link in it is followed, no code run."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import real_array
from neurorec.errors import NeurorecError, ShapeError, UnknownName, ValueRefused
from neurorec.tasks._reading.clock import clock_of
from neurorec.tasks._reading.table import Table, name_and_unit
from neurorec.tasks._reading.text_table import text_table

if TYPE_CHECKING:
    import h5py

SAMPLING = 0.01  # seconds, where neither a column of times nor the user says
LARGEST = 2**30  # bytes that are read into memory
LISTED = 10  # names in a message


@dataclass(frozen=True, eq=False)
class Recording:
    """Channels, evenly sampled.

    Attributes
    ----------
    values : (S, C) array
        In the units of the recording.
    channels, units : tuple of str
        Of each channel; empty where there is no header, and where it names no unit.
    sampling : float
        Seconds from one sample to the next.
    note : str
        Which column was taken for time.
    """

    values: np.ndarray
    channels: tuple[str, ...]
    units: tuple[str, ...]
    sampling: float
    note: str


def recording_of(table: Table, time: Any, sampling: float | None, columns: Sequence[str | int] | None) -> Recording:
    """Separate time from channels, and take the chosen ones.

    Parameters
    ----------
    table : Table
    time, sampling
        As for `neurorec.tasks._reading.clock.clock_of`.
    columns : sequence of str or int, optional
        Headers (or numbers) of those to take; where there is no header, names for all of them, with that of time or without. None: all.
    """
    names = columns if columns and not table.headers and all(isinstance(each, str) for each in columns) else ()
    if len(names) == table.values.shape[1]:
        table = table.renamed(names)
    clock = clock_of(table, time, sampling)
    if names and not table.headers:
        table = table.renamed(names, beside=clock.column)
    taken = [k for k in range(table.values.shape[1]) if k != clock.column]
    if columns and not names:
        taken = [table.find("column", each) for each in columns]
    if not taken:
        raise ShapeError("the recording has no column beside that of times; expected one for each channel")
    values = table.numbers(taken, "fill it in, or leave the column out with columns=")
    if clock.times is not None:
        even = np.linspace(0, clock.times[-1], len(clock.times))
        values = np.stack([np.interp(even, clock.times, channel) for channel in values.T], axis=1)
    names, units = zip(*(name_and_unit(table.headers[k]) for k in taken), strict=True) if table.headers else ((), ())
    return Recording(values, names, units if any(units) else (), clock.sampling or SAMPLING, clock.note)


def array_table(values: object) -> Table:
    """Finite real numbers, (samples, columns); a list of numbers is one channel."""
    array = real_array("recording", values)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape:
        raise ShapeError(f"recording must have shape (samples, channels), got {array.shape}; keep one row per sample")
    return Table(array)


def file_table(name: str, dataset: str | None) -> Table:
    """The columns of a file.

    Raises
    ------
    ShapeError, UnknownName, ValueRefused
        If it is none, is too large, or holds no table of numbers.
    """
    path = Path(name).expanduser()
    if path.suffix.lower() not in READERS:
        raise ValueRefused(f"cannot tell what {name!r} is; its name must end in {', '.join(READERS)}, or pass an array")
    if not path.exists():
        raise ValueRefused(f"there is no file {name!r}; give a path from {Path.cwd()} or an absolute one")
    if not path.is_file():
        raise ValueRefused(f"{name!r} is no ordinary file; give the path of one that holds a table of numbers")
    _expect_room(name, path.stat().st_size)
    try:
        return READERS[path.suffix.lower()](path, dataset)
    except NeurorecError:
        raise
    except MemoryError as error:
        raise ValueRefused(f"{name!r} does not fit into memory; read a part of it and pass that as an array") from error
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        RuntimeError,
        csv.Error,
    ) as error:  # HDF5 has an error of its own for every kind of damage
        what = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
        raise ValueRefused(f"cannot read {name!r} as a table of numbers: {what}") from error


def example() -> Table:
    """Two seconds of the EEG that comes with matplotlib: raw little-endian float64, four channels."""
    from matplotlib.cbook import get_sample_data

    path = get_sample_data("eeg.dat", asfileobj=False)
    return Table(np.fromfile(str(path), "<f8").reshape(-1, 4)[:200])


def _expect_room(name: str, size: int) -> None:
    if size > LARGEST:
        raise ValueRefused(
            f"{name!r} holds {size / 1e9:.1f} GB, more than {LARGEST / 1e9:.1f}; read a part of it and pass that as an array"
        )


def _text(path: Path, dataset: str | None) -> Table:
    return text_table(path)


def _npy(path: Path, dataset: str | None) -> Table:
    return array_table(np.load(path, mmap_mode="r", allow_pickle=False))  # mapped: what a header claims beyond the file is refused


def _hdf5(path: Path, dataset: str | None) -> Table:
    import h5py

    with h5py.File(path, "r") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)  # follows no link out of it
        if dataset is None and len(names) != 1:
            raise ValueRefused(f"{str(path)!r} holds {len(names)} datasets; choose with dataset=: {_listed(names)}")
        name = names[0] if dataset is None else dataset.strip("/")
        if name not in names:
            raise (
                UnknownName.among("dataset", name, names)
                if len(names) <= LISTED
                else UnknownName(f"no dataset named {name!r}; there are {_listed(names)}")
            )
        return array_table(_own_values(file[name], str(path)))


def _own_values(data: h5py.Dataset, path: str) -> np.ndarray:
    """The numbers of a dataset that lie in the file itself."""
    if data.is_virtual or data.external:
        raise ValueRefused(f"dataset {data.name!r} of {path!r} lies in other files; copy the numbers into one")
    if data.dtype.kind not in "biufc":
        raise ValueRefused(f"dataset {data.name!r} of {path!r} holds {data.dtype}, expected numbers; choose another with dataset=")
    _expect_room(f"{path}: {data.name}", data.nbytes)
    return data[()]


def _listed(names: list[str]) -> str:
    if not names:
        return "none"
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


READERS: dict[str, Callable[[Path, str | None], Table]] = {
    ".csv": _text, ".tsv": _text, ".txt": _text, ".npy": _npy, ".h5": _hdf5, ".hdf5": _hdf5,
}  # fmt: skip
