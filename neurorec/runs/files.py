"""Run files as files: made, recognised; and what to say where that fails."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import h5py

from neurorec.errors import NeurorecError, RunFileError, one_line
from neurorec.hdf5.damage import reading
from neurorec.hdf5.opening import unbuffered
from neurorec.hdf5.publish import publishing, written_aside
from neurorec.hdf5.seal import sealed
from neurorec.hdf5.values import number, text
from neurorec.process.memory import expect_memory, readable_size
from neurorec.runs.failures import expect_in_place
from neurorec.runs.slots import SLOTS

FORMAT = 2  # 1 had no checksums but those of the states
KIND, LOOP, SIMULATION = "neurorec run", "neurorec sequence loop", "neurorec simulation"
OTHERS = {
    LOOP: "it holds a sequence loop, use neurorec.circuits.SequenceLoop.load",
    SIMULATION: "it holds a simulation, open it with xarray.open_datatree",
}
WRITTEN = ("network", "checkpoints", "state", "log", "trajectories", "trials", "checksums")  # while training
GROUPS = ("network", "checkpoints", *SLOTS, "log", "trajectories", "trials")

LESS = "Record: every, steps, units, reduce, checkpoints"
Fill = Callable[[h5py.File], None]


def new_file(path: Path | None, size: int, overwrite: bool, fill: Fill, written: Sequence[str] = WRITTEN) -> h5py.File:
    """Filled, and open for writing; what will be written to it is not sealed. None: in memory."""
    return _new_in_memory(size, fill) if path is None else _new_on_disk(path, size, publishing(path, overwrite), fill, written)


def new_in_place(old: h5py.File, path: Path | None, size: int, fill: Fill) -> h5py.File:
    """As `new_file`, in the place of one that is open for writing here."""
    return _new_in_memory(size, fill) if path is None else _new_on_disk(path, size, _replacing(old, path), fill, WRITTEN)


def publish(path: Path, size: int, overwrite: bool, fill: Fill) -> None:
    """Fill a file aside and give it its name once it is complete."""
    with _expecting_room(path, size), publishing(path, overwrite) as aside:
        _fill(aside, path, size, fill, WRITTEN)


def _new_on_disk(path: Path, size: int, naming: AbstractContextManager[Path], fill: Fill, written: Sequence[str]) -> h5py.File:
    """Open before it has its name, so that nobody else can write it first."""
    with ExitStack() as open_files, _expecting_room(path, size):
        with naming as aside:
            _fill(aside, path, size, fill, written)
            file = open_files.enter_context(unbuffered(aside))
        open_files.pop_all()
        return file


def _new_in_memory(size: int, fill: Fill) -> h5py.File:
    expect_memory(size, "the run", f"record less ({LESS}), train fewer trials, or give a path= for a file")
    file = h5py.File(f"run in memory {uuid.uuid4()}", "w", driver="core", backing_store=False)  # HDF5 tells open files apart by name
    fill(file)
    return file


def _fill(aside: Path, path: Path, size: int, fill: Fill, written: Sequence[str]) -> None:
    _expect_room(path, size)
    _try_room(path.parent, size)
    with sealed(aside, written) as file:
        fill(file)


@contextmanager
def _replacing(old: h5py.File, path: Path) -> Iterator[Path]:
    with written_aside(path) as aside:
        yield aside
        expect_in_place(old, path)
        aside.replace(path)


@contextmanager
def _expecting_room(path: Path, size: int) -> Iterator[None]:
    try:
        yield
    except NeurorecError:
        raise
    except (OSError, RuntimeError) as error:
        raise RunFileError(f"cannot write {path} ({one_line(error)}); {_advice(size)}") from error


def expect_run(path: Path, file: h5py.File) -> None:
    """Refuse other HDF5 files, newer ones, and damaged ones."""
    with reading(path, "what the file says of itself"):
        kind = text(file, "kind", "")
        found = number(file, "format_version") if kind == KIND else 0
        lacking = [name for name in (*GROUPS, *(("checksums",) if found > 1 else ())) if name not in file]
    if kind != KIND:
        way = OTHERS.get(kind, "it holds a network, use nr.Network.load" if "network" in file else "expected a file written by nr.train")
        raise RunFileError(f"{path} is an HDF5 file but no neurorec run; {way}")
    if found > FORMAT:
        raise RunFileError(f"{path} was written by a newer neurorec (format {found}, this one reads up to {FORMAT}); upgrade neurorec")
    if lacking:
        raise RunFileError(f"{path} is damaged (it lacks /{lacking[0]}); restore it from a copy")


def _expect_room(path: Path, size: int) -> None:
    if (free := shutil.disk_usage(path.parent).free) < size:
        raise RunFileError(f"cannot write {path}: {readable_size(free)} are free; {_advice(size)}")


def _try_room(folder: Path, size: int) -> None:
    """Take the room once before HDF5 does: it crashes where a quota or the disk ends in the middle of a file."""
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _advice(size: int) -> str:
    return f"the run needs {readable_size(size)} in a folder that can be written; record less ({LESS}), train fewer trials, or choose another folder"
