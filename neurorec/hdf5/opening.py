"""Where every file is opened: checked first, by its seal and for what leads out of it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import h5py

from neurorec.errors import RunFileError, one_line
from neurorec.hdf5 import seal
from neurorec.hdf5.inside import expect_inside, unlocked

SIGNATURE = b"\x89HDF\r\n\x1a\n"
RUN = "a run written by nr.train"


def opened(path: Path, mode: str, expected: str = RUN) -> h5py.File:
    """Open a file that neurorec should have written, after its structure was checked.

    A writer locks the file against other writers; a reader takes no lock.

    Parameters
    ----------
    path : Path
    mode : str
        ``"r"`` or ``"r+"``.
    expected : str
        What should be there, for the error.

    Raises
    ------
    RunFileError
        If it cannot be opened, is damaged, or leads out of itself.
    """
    try:
        _expect_hdf5(path, expected)
        digest = seal.check(path)
        file = unlocked(path) if mode == "r" else unbuffered(path)
    except RunFileError:
        raise
    except (OSError, RuntimeError) as error:
        raise RunFileError(_why_not_open(path, error, expected)) from error
    return _looked_through(path, file, digest)


def unbuffered(path: Path) -> h5py.File:
    """For writing. HDF5 would read and write 64 KB around each time step of a single trial: ten times slower."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_sieve_buf_size(0)
    access.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_LATEST)  # as h5py.File has them
    return h5py.File(h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDWR, access))


def _looked_through(path: Path, file: h5py.File, digest: bytes | None) -> h5py.File:
    try:
        expect_inside(path, file, digest)
        if digest is None and seal.SEAL in file:
            raise seal.broken(path)
    except RunFileError:
        file.close()
        raise
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        file.close()
        raise RunFileError(_why_not_open(path, error, "")) from error
    return file


def _expect_hdf5(path: Path, expected: str) -> None:
    """A pipe or a device is not even opened: that would wait, or do something."""
    found = path.stat()
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise RunFileError(f"{path} is no regular file (a pipe, a device or a socket); expected {expected}")
    with path.open("rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise RunFileError(f"{path} is not an HDF5 file; expected {expected}")


def _why_not_open(path: Path, error: Exception, expected: str) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"there is no file {path}; expected {expected}"
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
