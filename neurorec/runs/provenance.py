"""Where a run comes from: versions of the packages that made it, and the commit of its user's own code."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import h5py

from neurorec import __version__
from neurorec.hdf5.values import number, text
from neurorec.runs.layout import Layout
from neurorec.runs.tables import sizes


def versions() -> dict[str, str]:
    """Of neurorec, Python, and the packages that numbers pass through."""
    return {"neurorec": __version__, "python": platform.python_version(), **{name: _version(name) for name in ("numpy", "numba", "h5py")}}


def git_commit() -> str:
    """Of the folder the user works in; empty where there is none, or no git."""
    try:
        return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=2, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def read_provenance(file: h5py.File, layout: Layout) -> dict[str, Any]:
    """Seed, versions, commit and date of a run file, and the sizes of the recorded variables by dimension."""
    return {
        "seed_entropy": int(text(file, "seed_entropy")),
        "created": text(file, "created"),
        "git_commit": text(file, "git_commit"),
        "format_version": int(number(file, "format_version")),
        "versions": json.loads(text(file, "versions")),
        "recorded": sizes(file, layout),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
