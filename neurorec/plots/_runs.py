"""Runs, tables and trials, as figures take them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neurorec.discovery import load
from neurorec.display import short_repr
from neurorec.errors import NeurorecError, UnknownName, ValueRefused
from neurorec.learning.losses.base import AbstractLoss
from neurorec.runs.open_run import open_run
from neurorec.runs.run import Run
from neurorec.simulation.trajectories import Trajectories

if TYPE_CHECKING:
    import xarray

AnyRun = Run | str | PathLike[str]
AnyRuns = AnyRun | Sequence[AnyRun]
AnyTrials = AnyRun | Trajectories  # trials can be drawn of both


def one(run: AnyRun) -> Run:
    """A run, or the run in a file."""
    if isinstance(run, Run):
        return run
    if not isinstance(run, str | PathLike):
        raise ValueRefused(f"{short_repr(run)} is no run; pass one, such as nr.train gives, or the path of its file")
    if isinstance(found := open_run(Path(run)), Run):
        return found
    raise ValueRefused(f"{run} holds runs of {len(found)} networks; pass one of them, nr.open_run({str(run)!r})[0]")


def several(runs: AnyRuns) -> list[Run]:
    """One run or several (seeds), as a list."""
    every = list(runs) if isinstance(runs, Iterable) and not isinstance(runs, str) else [runs]
    if not every:
        raise ValueRefused("there is no run to draw; pass a run, its path, or a list of those")
    return [each for run in every for each in _all_in(run)]


def _all_in(run: AnyRun) -> list[Run]:
    """Of a file of many networks the run of each."""
    if not isinstance(run, str | PathLike):
        return [one(run)]
    return [found] if isinstance(found := open_run(Path(run)), Run) else list(found)


def loss_of(name: str) -> type[AbstractLoss]:
    """The loss, of which a plot reads what it declares; of somebody else's that is not imported, nothing."""
    try:
        return load("losses", name)
    except NeurorecError:
        return AbstractLoss


def tables(tables: xarray.Dataset | Sequence[xarray.Dataset]) -> list[xarray.Dataset]:
    """One table or several (runs), as a list."""
    return [tables] if hasattr(tables, "data_vars") else list(tables)  # type: ignore[list-item]


def single(given: xarray.Dataset | Sequence[xarray.Dataset]) -> xarray.Dataset:
    """One table, also as a sequence of one.

    Raises
    ------
    ValueRefused
        If there are several: of several networks, say.
    """
    every = tables(given)
    if len(every) != 1:
        raise ValueRefused(f"this picture shows one network, got {len(every)}; draw one at a time, each on its own ax")
    return every[0]


def column(run: Run, name: str) -> np.ndarray:
    """A column of the log, one value a trial done."""
    log = run.log
    if name not in log:
        way = "; train with gradient_angle=10 to measure it every tenth batch" if name == "angle" else ""
        raise UnknownName(f"{_description(run)} has no {name} in its log, it has {', '.join(map(str, log.data_vars))}{way}")
    if log.sizes["trial"] == 0:
        raise ValueRefused(f"{_description(run)} has done no trial yet; resume it")
    return log[name].values


def recorded(run: Run, trial: int, *names: str) -> xarray.Dataset:
    """Variables of one recorded trial, over time and unit or channel.

    Parameters
    ----------
    run : Run
    trial : int
        Its number, counted from 1 as in the file; negative: of those recorded, counted from the last.
    *names : str
        Variables.

    Raises
    ------
    UnknownName, ValueRefused
        If a variable or the trial was not recorded, or was reduced to one number.
    """
    data = run.trajectories(*names)
    numbers = data["trial"].values
    if data.sizes["time"] < 2:
        raise ValueRefused(f"{_description(run)} recorded each trial reduced to one time; record without reduce to see its course")
    if trial not in numbers and not -len(numbers) <= trial < 0:
        raise ValueRefused(f"trial {trial} was not recorded; there are {_listed(numbers)}, or -1 for the last")
    return data.isel(trial=trial) if trial < 0 else data.sel(trial=trial)


def simulated(trajectories: Trajectories, trial: int, *names: str) -> xarray.Dataset:
    """Variables of one simulated trial, over time and unit or channel; trials are counted from 0, or from the last."""
    count = trajectories.trials.count
    if not -count <= trial < count:
        raise ValueRefused(f"trial {trial} was not simulated; there are 0 to {count - 1}, or -1 for the last")
    return trajectories.to_xarray()[list(names)].isel(trial=trial)


def _listed(numbers: np.ndarray) -> str:
    texts = [str(number) for number in numbers]
    return ", ".join(texts if len(texts) <= 6 else [*texts[:3], "...", texts[-1]]) or "none"


def _description(run: Run) -> str:
    return f"the run {'in memory' if run.path is None else run.path}"
