"""Simulations that are longer than memory: run in windows of time, each recorded to a file before the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.discovery import name_of, resolve
from neurorec.engines.base import AbstractEngine, Stimulus, expect_taken
from neurorec.engines.base.around import around
from neurorec.errors import ValueRefused
from neurorec.hdf5.opening import opened
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.alike import MANY
from neurorec.networks.weights import Weights
from neurorec.progress import Hook, Progress
from neurorec.random_numbers.noise import PrivateNoise, private_noise
from neurorec.random_numbers.seeds import entropy
from neurorec.runs.contents import Contents
from neurorec.runs.layout import Layout
from neurorec.runs.record import Record, default_record, recorded
from neurorec.runs.simulation_file import UNTRAINED, SimulationFile
from neurorec.simulation.each import of_each
from neurorec.simulation.stimulus import fit, start, targets
from neurorec.tasks.base.trials import Trials

if TYPE_CHECKING:
    import xarray

ROOM = 2**26  # bytes of activity in a window, where the user does not choose


class Recording:
    """A simulation in a file.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path):
        self.path = path

    def to_xarray(self) -> xarray.Dataset:
        """Trajectories over time (s), trial and unit, read from the file when they are used."""
        import xarray

        opened(self.path, "r", "a simulation written by nr.stream").close()  # xarray would follow whatever is in it
        return xarray.open_dataset(self.path, group="trajectories", engine="h5netcdf", driver_kwds={"locking": False})

    def __repr__(self) -> str:
        return f"<Recording {self.path}>"


def stream(
    network: AbstractNetwork | Sequence[AbstractNetwork],
    trials: Trials,
    path: str | Path | Sequence[str | Path],
    engine: str | AbstractEngine = "numba",
    record: Record | None = None,
    seed: int | Sequence[int | None] | None = 0,
    initial: np.ndarray | None = None,
    window: int | None = None,
    progress: bool | Hook = True,
    overwrite: bool = False,
) -> Recording | Any:
    """Simulate long trials and write what is recorded to a file; memory is bounded by a window of time.

    The numbers are those of `neurorec.simulate`, noise included, whatever the window. On a GPU the next window is
    computed while one is copied and written.

    Parameters
    ----------
    network, trials, engine, seed, initial
        As for `neurorec.simulate`.
    path : str or Path
        The file: dimensions are named, ``xarray.open_datatree(path, engine="h5netcdf")`` opens it. For a list of networks, a list of files.
    record : Record, optional
        Which variables, which steps, units and trials. None: the first state and the output, all of it.
    window : int, optional
        Time steps at once. None: as many as take 64 MB.
    progress : bool or callable
        A bar, for one network; or a function of (steps done, steps in all, nan), called after every window; where it returns False, the rest is left out.
    overwrite : bool
        Replace a file at `path`.

    Returns
    -------
    Recording
        Of a list of networks, a list.

    Raises
    ------
    ShapeError, ValueRefused, UnknownName, RunFileError
        Before the first step: what does not fit, and the way out.

    Examples
    --------
    Ten minutes of a network, of which every tenth time step is kept::

        trials = nr.Trials(np.zeros((60_000, 1, net.inputs)), np.zeros((60_000, 1, net.outputs)), dt=net.dt)
        nr.stream(net, trials, "long.h5", record=nr.Record("h", steps=10)).to_xarray()["h"]
    """
    if not isinstance(network, MANY):
        return _streamed(network, trials, path, engine, record, seed, initial, window, progress, overwrite)
    if not isinstance(path, MANY):
        raise ValueRefused(f"path={str(path)!r} is one file for {len(network)} networks; pass a list of one each")
    quiet = progress if callable(progress) else False  # bars of several would write over one another
    same = {"record": record, "initial": initial, "window": window, "progress": quiet, "overwrite": overwrite}
    return of_each(_streamed, network, resolve("engines", engine), {"seed": seed, "path": path}, trials=trials, **same)


def _streamed(
    network: Any, trials: Trials, path: Any, engine: Any, record: Record | None, seed: Any, initial: np.ndarray | None, window: int | None,
    progress: bool | Hook, overwrite: bool,
) -> Recording:  # fmt: skip
    """Of one network."""
    runner, root = resolve("engines", engine), entropy(seed)
    expect_taken(runner, network)
    config = {"engine": name_of(runner), "engine_settings": runner.settings}
    runner = around(runner, network)
    record = record or default_record(network, "output")
    fit(network, trials, needs_targets=trials.has_targets or "target" in record.variables)
    if record.reduce is not None:
        raise ValueRefused(f"reduce={record.reduce!r} needs whole trials; record every j-th step with steps=, and reduce what xarray reads")
    window = min(trials.steps, _window(network, trials, record) if window is None else _multiple(whole("window", window), record.steps))
    state, noise = start(network, trials.count, initial, runner.dtype), private_noise(network, trials.steps, trials.count, root, 0)
    layout = Layout(trials.count, trials.steps, network.dt, 1, network.inputs, network.outputs, {}, (), record)
    file = SimulationFile(Path(path), Contents(layout, network, config | {"window": window}, UNTRAINED, root), overwrite)
    windows = _windows(trials, targets(network, trials), runner.dtype, noise, state, window)
    try:
        with Progress(progress, trials.steps, unit="step") as shown:
            for k, activity in enumerate(runner.stream(network, Weights.of(network, runner.dtype), windows)):
                first = k * window
                inputs, target = (each[first : first + window] for each in (trials.inputs, trials.targets))
                file.write(first, {name: recorded(name, network, activity, inputs, target) for name in record.variables})
                if not shown.advance(min(first + window, trials.steps), np.nan):
                    break
    finally:
        file.close()
    return Recording(Path(path))


def _window(network: AbstractNetwork, trials: Trials, record: Record) -> int:
    """Time steps whose activity takes `ROOM` bytes."""
    formula = network.formula
    numbers = network.units * (len(formula.states) + len(formula.ports) + len(formula.emitted)) + network.inputs + network.outputs
    return _multiple(max(1, ROOM // (4 * trials.count * numbers)), record.steps)


def _multiple(steps: int, of: int) -> int:
    """Rounded down to a whole number of recorded blocks, at least one."""
    return max(1, steps // of) * of


def _windows(
    trials: Trials, target: np.ndarray, dtype: Any, noise: PrivateNoise | None, state: np.ndarray, window: int
) -> Iterator[Stimulus]:
    for first in range(0, trials.steps, window):
        stop = min(first + window, trials.steps)
        inputs, targets = (each[first:stop].astype(dtype) for each in (trials.inputs, target))
        share = np.zeros(inputs.shape[:2], dtype)  # no weight in a loss: nothing is learnt
        yield Stimulus(inputs, noise and noise.window(first, stop), state, targets, share)
