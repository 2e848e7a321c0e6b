"""The folder of printed and compiled code. Whoever can write there can run code in our processes: Numba's files are pickles and machine code."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from neurorec.errors import RunFileError

OWN = "set NEUROREC_CACHE to a folder of your own"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS_ENTER = stat.S_IRWXG | stat.S_IRWXO


def folder() -> Path:
    """Where printed modules live: ``$NEUROREC_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("NEUROREC_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(chosen).absolute() if chosen else base / "neurorec"


def own_folder() -> Path:
    """The same folder, created where it is missing.

    Raises
    ------
    RunFileError
        If it cannot be written, belongs to another user or can be written by others.
    """
    place = folder()
    _create(place)
    expect_own(place, place)
    _expect_closed(place)
    if not os.access(place, os.W_OK):
        raise _unwritable(place)
    return place


def _create(place: Path) -> None:
    """Create the folder and those above it, for their owner alone whatever the umask."""
    try:
        for missing in [each for each in (*reversed(place.parents), place) if not each.exists()]:
            missing.mkdir(mode=0o700, exist_ok=True)
            missing.chmod(0o700)
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except OSError as error:
        raise _unwritable(place, f" ({error.strerror})") from error


def _unwritable(place: Path, reason: str = "") -> RunFileError:
    return RunFileError(f"cannot write the cache folder {place}{reason}; set NEUROREC_CACHE to a folder that can be written")


def expect_own(path: Path, remove: Path) -> None:
    """Refuse what belongs to another user, which may hold any code.

    Raises
    ------
    RunFileError
        Naming what to `remove`.
    """
    if os.name == "posix" and {path.stat().st_uid, path.lstat().st_uid} != {os.geteuid()}:
        raise RunFileError(f"{path} belongs to another user, and code in the cache folder is run; remove {remove}, or {OWN}")


def _expect_closed(place: Path) -> None:
    """Others must not write in it: the default folder is closed to them, a chosen one, which may be open for a reason, refused."""
    if os.name != "posix" or not _open_to(place, OTHERS_WRITE):
        return
    if os.environ.get("NEUROREC_CACHE"):
        raise RunFileError(f"others can write in the cache folder {place}, and code in it is run; close it by 'chmod go-w', or {OWN}")
    place.chmod(stat.S_IMODE(place.stat().st_mode) & ~OTHERS_WRITE)


def discard_if_open(place: Path) -> None:
    """Remove a package that others may have written in.

    Raises
    ------
    RunFileError
        If something in it belongs to another user.
    """
    if os.name != "posix" or not os.path.lexists(place):
        return
    for path in (place, *_within(place)):
        expect_own(path, place)
    if place.is_symlink():
        place.unlink()
    elif _open_to(place, OTHERS_ENTER) and any(_open_to(path, OTHERS_WRITE) for path in (place, *_within(place))):
        shutil.rmtree(place)


def _within(place: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(place):
        yield from (Path(parent, name) for name in (*folders, *files))


def _open_to(path: Path, whom: int) -> bool:
    return bool(path.stat().st_mode & whom)
