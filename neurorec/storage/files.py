"""Run files as files: made, opened, recognised; and what to say where that fails."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import h5py

from neurorec.errors import NeurorecError, RunFileError, one_line
from neurorec.memory import expect_memory, told
from neurorec.publish import publishing, written_aside
from neurorec.storage.failures import expect_in_place
from neurorec.storage.slots import SLOTS

FORMAT = 1
KIND, LOOP, SIMULATION = "neurorec run", "neurorec sequence loop", "neurorec simulation"
OTHERS = {
    LOOP: "it holds a sequence loop, use neurorec.circuits.SequenceLoop.load",
    SIMULATION: "it holds a simulation, open it with xarray.open_datatree",
}
GROUPS = ("network", "checkpoints", *SLOTS, "log", "trajectories", "trials")

LESS = "Record: every, steps, units, reduce, checkpoints"
Fill = Callable[[h5py.File], None]


def new_file(path: Path | None, size: int, overwrite: bool, fill: Fill) -> h5py.File:
    """Filled, and open for writing; None: in memory."""
    return _new_in_memory(size, fill) if path is None else _new_on_disk(path, size, publishing(path, overwrite), fill)


def new_in_place(old: h5py.File, path: Path | None, size: int, fill: Fill) -> h5py.File:
    """As `new_file`, in the place of one that is open for writing here."""
    return _new_in_memory(size, fill) if path is None else _new_on_disk(path, size, _replacing(old, path), fill)


def publish(path: Path, size: int, overwrite: bool, fill: Fill) -> None:
    """Fill a file aside and give it its name once it is complete."""
    with _expecting_room(path, size), publishing(path, overwrite) as aside:
        _fill(aside, path, size, fill)


def _new_on_disk(path: Path, size: int, naming: AbstractContextManager[Path], fill: Fill) -> h5py.File:
    """Open before it has its name, so that nobody else can write it first."""
    with ExitStack() as open_files, _expecting_room(path, size):
        with naming as aside:
            _fill(aside, path, size, fill)
            file = open_files.enter_context(_unbuffered(aside))
        open_files.pop_all()
        return file


def _new_in_memory(size: int, fill: Fill) -> h5py.File:
    expect_memory(size, "the run", f"record less ({LESS}), train fewer trials, or give a path= for a file")
    file = h5py.File(f"run in memory {uuid.uuid4()}", "w", driver="core", backing_store=False)  # HDF5 tells open files apart by name
    fill(file)
    return file


def _fill(aside: Path, path: Path, size: int, fill: Fill) -> None:
    _expect_room(path, size)
    _try_room(path.parent, size)
    with h5py.File(aside, "x") as file:
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


def opened(path: Path, mode: str) -> h5py.File:
    """Open what should be a run. A writer locks the file against other writers; a reader asks for no lock."""
    try:
        _expect_hdf5(path)
        return _unlocked(path) if mode == "r" else _unbuffered(path)
    except RunFileError:
        raise
    except (OSError, RuntimeError) as error:
        raise RunFileError(_why_not_open(path, error)) from error


def expect_run(path: Path, file: h5py.File) -> None:
    """Refuse other HDF5 files, newer ones, and damaged ones."""
    try:
        kind, found = file.attrs.get("kind", ""), int(file.attrs.get("format_version", 0))
        lacking = [name for name in GROUPS if name not in file]
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise RunFileError(f"{path} is damaged ({one_line(error)}); restore it from a copy") from error
    if kind != KIND:
        way = OTHERS.get(kind, "it holds a network, use nr.Network.load" if "network" in file else "expected a file written by nr.train")
        raise RunFileError(f"{path} is an HDF5 file but no neurorec run; {way}")
    if found > FORMAT:
        raise RunFileError(f"{path} was written by a newer neurorec (format {found}, this one reads up to {FORMAT}); upgrade neurorec")
    if lacking:
        raise RunFileError(f"{path} is damaged (it lacks /{lacking[0]}); restore it from a copy")


def _expect_room(path: Path, size: int) -> None:
    if (free := shutil.disk_usage(path.parent).free) < size:
        raise RunFileError(f"cannot write {path}: {told(free)} are free; {_advice(size)}")


def _try_room(folder: Path, size: int) -> None:
    """Take the room once before HDF5 does: it crashes where a quota or the disk ends in the middle of a file."""
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _advice(size: int) -> str:
    return f"the run needs {told(size)} in a folder that can be written; record less ({LESS}), train fewer trials, or choose another folder"


def _unbuffered(path: Path) -> h5py.File:
    """For writing. HDF5 would read and write 64 KB around each time step of a single trial: ten times slower."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_sieve_buf_size(0)
    access.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_LATEST)  # as h5py.File has them
    return h5py.File(h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDWR, access))


def _unlocked(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        if "flag values don't match" not in str(error):
            raise
        return h5py.File(path, "r")  # this process has it open already, with a lock


def _expect_hdf5(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(8) != b"\x89HDF\r\n\x1a\n":
            raise RunFileError(f"{path} is not an HDF5 file; expected a run written by nr.train")


def _why_not_open(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"there is no file {path}; expected a run written by nr.train"
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; name the run file in it"
    if isinstance(error, PermissionError):
        return f"no permission to open {path}; change its permissions or copy it (a run is read with mode='r')"
    if getattr(error, "errno", None) == errno.EROFS:
        return f"{path} lies where nothing can be written ({one_line(error)}); copy it to another folder (it can be read with mode='r')"
    if isinstance(error, BlockingIOError):
        return f"{path} is being written by another process; wait for it, or open it with mode='r'"
    if "already open for read-only" in str(error):
        return f"{path} is open for reading in this process; close it first (a dataset of xarray by its .close())"
    if "truncated" in str(error):
        return f"{path} is truncated, so part of it is missing; copy it again from where it was made"
    return f"{path} is damaged ({one_line(error)}); restore it from a copy"
