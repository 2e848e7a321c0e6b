"""Opening a run file, of one network or of many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurorec.hdf5.opening import opened
from neurorec.runs.kinds import RUNS, expect_run, is_of_many, is_over_ranks
from neurorec.runs.run import Run, trained_so_far
from neurorec.runs.run_reader import RunReader
from neurorec.runs.runs import Runs, readers_in
from neurorec.trust import Trust, trusted


def open_run(path: str | Path, trust: Trust = False) -> Run | Any:
    """Open a run file, also while another process trains the run; one of many networks gives their `Runs`.

    Parameters
    ----------
    path : str or Path
    trust : bool or classes
        A file is data: of the classes it names, only neurorec's own are used. Those of your own (a cell, a task, an engine ...) pass here,
        ``trust=[MyCell, MyTask]``; or say True, if you know who made the file: then whatever module it names is imported, which runs
        that module's code.

    Raises
    ------
    RunFileError
        If the file is missing, damaged, no run, of a newer version, or names classes that are not trusted.

    Examples
    --------
    The learning curve of a run that may still be in training::

        run = nr.open_run("run.h5")
        run.log["loss"].plot()
    """
    path, trust = Path(path), trusted(trust)
    with opened(path, "r") as file:
        if is_of_many(path, file):
            expect_run(path, file, RUNS)
            return Runs(path, [trained_so_far(each) for each in readers_in(file, path, trust)], trust)
    run = RunReader.open(path, trust)
    return Run(run, trained_so_far(run))


def holds_ranks(path: str | Path) -> bool:
    """Whether a run file shows a run over ranks.

    Raises
    ------
    RunFileError
        If the file cannot be read.
    """
    with opened(Path(path), "r") as file:
        return is_over_ranks(Path(path), file)


def holds_many(path: str | Path) -> bool:
    """Whether a run file is one of many networks.

    Raises
    ------
    RunFileError
        If the file cannot be read.
    """
    with opened(Path(path), "r") as file:
        return is_of_many(Path(path), file)
