"""Runs that commands name by their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    from neurorec.runs.run import Run


def one_run(path: Path, trust: bool) -> Run:
    """The run in a file.

    Raises
    ------
    ValueRefused
        If it holds those of many networks.
    """
    from neurorec.runs.open_run import open_run
    from neurorec.runs.run import Run

    if isinstance(found := open_run(path, trust), Run):
        return found
    raise ValueRefused(f"{path} holds runs of {len(found)} networks; in Python nr.open_run({str(path)!r})[0].save_as makes a file of one")


def all_runs(paths: Sequence[Path], trust: bool) -> list[Run]:
    """The runs in some files, of which some may hold those of many networks."""
    from neurorec.runs.open_run import open_run
    from neurorec.runs.run import Run

    opened = [open_run(path, trust) for path in paths]
    return [run for each in opened for run in ([each] if isinstance(each, Run) else each)]
