"""A file is written beside its place and gets its name once it is complete: nobody reads half of one, and none is replaced by mistake."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurorec.errors import RunFileError

WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)  # what FAT, and some file systems of networks, say to a hard link


@contextmanager
def publishing(path: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a name for the block to write to; at the end the file is renamed to `path`.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Replace a file of that name, unless somebody is writing it.

    Raises
    ------
    RunFileError
        If there is such a file, or it is being written.
    OSError
        If the folder cannot be written.
    """
    expect_free(path, overwrite)
    with written_aside(path) as aside:
        yield aside
        (_replace if overwrite else _name)(aside, path)


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a name beside `path` that no other process has; what is left there at the end is removed.

    A process that is killed meanwhile leaves ``<path>.<random>.part``, which nothing reads.
    """
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def expect_free(path: Path, overwrite: bool) -> None:
    """Refuse, before anything is computed, a name that a file could not get."""
    if path.is_dir():
        raise RunFileError(f"{path} is a folder; give the file a name in it, such as {path / 'run.h5'}")
    if path.exists() and not overwrite:
        raise _taken(path)
    if path.exists() and not path.is_file():
        raise RunFileError(f"{path} is no regular file and is not replaced; choose another path")
    if not path.parent.is_dir():
        raise RunFileError(f"cannot write {path}: there is no folder {path.parent}; create it first")
    if path.exists():
        with _nobody_writes(path):
            pass


def _name(aside: Path, path: Path) -> None:
    """Unlike a rename, a hard link never replaces: of two that finish at once, one gets the name."""
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        _name_without_links(aside, path)


def _name_without_links(aside: Path, path: Path) -> None:
    """An empty file takes the name first: making one never replaces either."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        raise _taken(path) from None
    aside.replace(path)


def _replace(aside: Path, path: Path) -> None:
    try:
        _name(aside, path)
    except RunFileError:
        with _nobody_writes(path):
            aside.replace(path)


@contextmanager
def _nobody_writes(path: Path) -> Iterator[None]:
    """Hold a lock, so that nobody begins to write the file within the block; HDF5 locks files by the same kind of lock."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _lock(descriptor)
        if not os.path.samestat(os.fstat(descriptor), path.stat()):  # replaced between opening and locking: by a writer
            raise BlockingIOError
        yield
    except BlockingIOError:
        raise RunFileError(f"{path} is being written, by another process or in this one; wait for it, or choose another path") from None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """An exclusive lock, or, where readers lock the file, a shared one."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise  # a file system without locks: HDF5 has none there either


def _taken(path: Path) -> RunFileError:
    return RunFileError(f"{path} exists already; choose another path, pass overwrite=True, or resume it if it is a run")
