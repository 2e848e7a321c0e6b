"""Errors where a file can no longer be written: a full disk, a device that fails, a file that somebody removed."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import h5py

from neurorec.errors import NeurorecError, RunFileError, one_line

REMOVED = "removed or replaced while it was being written, so that all it held is lost; start again, and leave the file where it is"
MOVED = "moved while it was being written; it is whole, up to a moment ago: go on with it where it lies now, or move it back"


class Writer(Protocol):
    """An object that writes a file."""

    @property
    def path(self) -> Path | None:
        """None: in memory."""
        ...

    def what_is_left(self) -> str:
        """How far the file is whole, and how to go on."""
        ...


Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Own = TypeVar("Own", bound=Writer)


def writes(method: Callable[Concatenate[Own, Arguments], Answer]) -> Callable[Concatenate[Own, Arguments], Answer]:
    """Decorator of a method that writes: an error of the disk or of HDF5 becomes a `RunFileError` that says what is whole and how to go on."""

    @functools.wraps(method)
    def guarded(self: Own, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        try:
            return method(self, *args, **kwargs)
        except NeurorecError:
            raise
        except (OSError, RuntimeError) as error:
            raise RunFileError(f"cannot write {self.path or 'in memory'} ({one_line(error)}); {_left(self)}") from error

    return guarded


def expect_in_place(file: h5py.File, path: Path | None) -> None:
    """Refuse to go on in a file that has lost its name: what is written to a removed file is lost when it is closed.

    Raises
    ------
    RunFileError
        If it was moved or removed, or another is in its place.
    """
    if path is None:
        return
    written = os.fstat(file.id.get_vfd_handle())
    if not (path.exists() and os.path.samestat(written, path.stat())):
        raise RunFileError(f"{path} was {MOVED if written.st_nlink else REMOVED}")


def _left(writer: Writer) -> str:
    try:
        return writer.what_is_left()
    except (OSError, RuntimeError):  # the file cannot be read either, which must not hide the error of writing
        return "what it holds cannot be read either; look at it again when the device works"
