"""Checks of settings that are names or paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neurorec.errors import UnknownName, ValueRefused


def chosen(kind: str, value: object, known: Sequence[str]) -> None:
    """Refuse what is none of the `known` names."""
    if value not in known:
        raise UnknownName.among(kind, str(value), known)


def as_path(name: str, value: object) -> str | None:
    """A path as text, which compares and goes to a run file; None stays."""
    if value is not None and not isinstance(value, str | Path):
        raise ValueRefused(f"{name} must be a path, or None for what comes with the library, got {value!r}")
    return None if value is None else str(value)


def existing(name: str, value: str, expected: str) -> Path:
    """The file or folder there, or refused, saying what was expected of it."""
    path = Path(value).expanduser()
    if not path.exists():
        raise ValueRefused(f"{name}: there is no {value!r}; expected {expected}. Give a path from {Path.cwd()} or an absolute one")
    if not (path.is_file() or path.is_dir()):  # a pipe or a device, which may never end
        raise ValueRefused(f"{name}: {value!r} is neither a file nor a folder; expected {expected}")
    return path
