"""Where a run comes from: versions of what made it, and the commit of its user's own code."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import h5py

from neurorec import __version__


def versions() -> dict[str, str]:
    """Of neurorec, Python, and the packages that numbers pass through."""
    return {"neurorec": __version__, "python": platform.python_version(), **{name: _version(name) for name in ("numpy", "numba", "h5py")}}


def git_commit() -> str:
    """Of the folder the user works in; empty where there is none, or no git."""
    try:
        return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=2, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def read_about(file: h5py.File, recorded: Iterable[str]) -> dict[str, Any]:
    """What a run file says of its origin, and the sizes of the recorded variables by dimension."""
    about, trajectories = file.attrs, file["trajectories"]
    return {
        "seed_entropy": int(about["seed_entropy"]),
        "created": str(about["created"]),
        "git_commit": str(about["git_commit"]),
        "format_version": int(about["format_version"]),
        "versions": json.loads(about["versions"]),
        "recorded": {name: _sizes(trajectories[name]) for name in recorded},
    }


def _sizes(data: h5py.Dataset) -> dict[str, int]:
    return {str(axis.label): size for axis, size in zip(data.dims, data.shape, strict=True)}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
