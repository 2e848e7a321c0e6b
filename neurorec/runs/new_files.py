"""Files that are made: filled with their structure beside their place, sealed, and named once they are complete."""

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
from neurorec.hdf5.opening import unbuffered
from neurorec.hdf5.publish import publishing, written_aside
from neurorec.hdf5.seal import sealed
from neurorec.process.memory import expect_memory
from neurorec.process.memory import readable_size as readable
from neurorec.runs.failures import expect_in_place

LESS = "Record: every, steps, units, reduce, checkpoints"
Fill = Callable[[h5py.File], None]


def new_file(path: Path | None, size: int, overwrite: bool, fill: Fill, changing: Sequence[str]) -> h5py.File:
    """A new file, filled and open for writing.

    Parameters
    ----------
    path : Path, optional
        None: in memory.
    size : int
        Bytes that it takes at most.
    overwrite : bool
        Replace a file at `path`.
    fill : callable
        Creates the structure in the open file.
    changing : sequence of str
        Groups and datasets of the root that will be overwritten, and so are left out of the seal.

    Raises
    ------
    RunFileError
        If there is such a file, the folder cannot be written, or there is too little room.
    """
    return _new_in_memory(size, fill) if path is None else _new_on_disk(path, size, publishing(path, overwrite), fill, changing)


def new_in_place(old: h5py.File, path: Path | None, size: int, fill: Fill, changing: Sequence[str]) -> h5py.File:
    """As `new_file`, in the place of a file that is open for writing in this process."""
    return _new_in_memory(size, fill) if path is None else _new_on_disk(path, size, _replacing(old, path), fill, changing)


def publish(path: Path, size: int, overwrite: bool, fill: Fill, changing: Sequence[str]) -> None:
    """As `new_file`, closed at once."""
    with _expecting_room(path, size), publishing(path, overwrite) as aside:
        _fill(aside, path, size, fill, changing)


def in_memory() -> h5py.File:
    """A new file that is nowhere else, open for writing."""
    return h5py.File(_name_in_memory(), "w", driver="core", backing_store=False)


def image(file: h5py.File) -> bytes:
    """A file in memory as the bytes that it would be on disk, to be sent to another process."""
    file.flush()
    return file.id.get_file_image()


def from_image(content: bytes) -> h5py.File:
    """The file that `image` gave, in memory and open for writing."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(content)
    access.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_LATEST)  # as h5py.File has them
    return h5py.File(h5py.h5f.open(os.fsencode(_name_in_memory()), h5py.h5f.ACC_RDWR, access))


def _new_on_disk(path: Path, size: int, naming: AbstractContextManager[Path], fill: Fill, changing: Sequence[str]) -> h5py.File:
    """Open before it has its name, so that nobody else can write it first."""
    with ExitStack() as open_files, _expecting_room(path, size):
        with naming as aside:
            _fill(aside, path, size, fill, changing)
            file = open_files.enter_context(unbuffered(aside))
        open_files.pop_all()
        return file


def _new_in_memory(size: int, fill: Fill) -> h5py.File:
    expect_memory(size, "the run", f"record less ({LESS}), train fewer trials, or give a path= for a file")
    file = in_memory()
    fill(file)
    return file


def _name_in_memory() -> str:
    """HDF5 tells open files apart by their names."""
    return f"run in memory {uuid.uuid4()}"


def _fill(aside: Path, path: Path, size: int, fill: Fill, changing: Sequence[str]) -> None:
    _expect_room(path, size)
    _try_room(path.parent, size)
    with sealed(aside, changing) as file:
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


def _expect_room(path: Path, size: int) -> None:
    if (free := shutil.disk_usage(path.parent).free) < size:
        raise RunFileError(f"cannot write {path}: {readable(free)} are free; {_advice(size)}")


def _try_room(folder: Path, size: int) -> None:
    """Allocate that much once before HDF5 does: it crashes where a quota or the disk ends in the middle of a file."""
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _advice(size: int) -> str:
    return f"the run needs {readable(size)} in a folder that can be written; record less ({LESS}), train fewer trials, or choose another folder"
