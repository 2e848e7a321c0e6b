"""Errors of files that are not as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurorec.errors import NeurorecError, RunFileError

FROM_CONTENT = (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, MemoryError)


def damaged(path: object, part: str, why: str = "does not match its checksum") -> RunFileError:
    """The error for a part of a file."""
    return RunFileError(
        f"{path} is damaged: {part} {why}; restore it from a copy, or go on with what `neurorec check {path}` finds whole "
        "(xarray.open_datatree reads it)"
    )


@contextmanager
def reading(path: str | Path, part: str) -> Iterator[None]:
    """Whatever error damaged content raises in the block becomes one `RunFileError`."""
    try:
        yield
    except NeurorecError:
        raise
    except FROM_CONTENT as error:
        raise damaged(path, part, f"cannot be read ({' '.join(str(error).split())[:200] or type(error).__name__})") from error
