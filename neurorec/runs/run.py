"""A training, finished or under way, as its user sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.display import AbstractDisplayed, Rows, briefly, several, some
from neurorec.errors import RunFileError
from neurorec.networks.weights import Weights
from neurorec.runs import analysis
from neurorec.runs.check import Part, check
from neurorec.runs.rebuild import save_as
from neurorec.runs.run_reader import RunReader
from neurorec.runs.spikes import listed

if TYPE_CHECKING:
    import xarray

RECENT = 100  # trials, at most, over which a first and a last loss are means


class Run(AbstractDisplayed):
    """One training: the trained network, the log, what was recorded.

    Get one from `nr.train`, `nr.resume` or `nr.open_run`.

    Parameters
    ----------
    reader : RunReader
        Of the file, or of a run in memory, whose only copy it holds.
    network : Network or ModuleNetwork, optional
        As trained so far. None: it is read when it is first asked for.

    Attributes
    ----------
    path : Path or None
        None: in memory.
    trust : bool or tuple of type
        Classes that the file may name, as `open_run` was given.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(inputs=0, units=12, outputs=1)
    >>> run = nr.train(net, "periodic_output", trials=20, progress=False)
    >>> run.done, run.log["loss"].dims, run.checkpoints[:2]
    (20, ('trial',), (0, 3))
    >>> run.trajectories("output").output.sizes["trial"]
    20
    >>> before = run.checkpoint(0)  # the network before training
    """

    def __init__(self, reader: RunReader, network: Any = None):
        self._reader, self._network, self.path, self.trust = reader, network, reader.path, reader.trust

    @property
    def network(self) -> Any:
        """As trained so far."""
        if self._network is None:
            self._network = trained_so_far(self._reader)
        return self._network

    @property
    def config(self) -> dict[str, Any]:
        """Everything that fixes the training: rule, task and its settings, rates, seed ..."""
        return self._read(lambda run: run.config)

    @property
    def about(self) -> dict[str, Any]:
        """Where the run comes from: seed_entropy, created, git_commit, format_version, versions; recorded: size of each variable by dimension."""
        return self._read(lambda run: run.about)

    @property
    def total(self) -> int:
        """Trials of the whole training."""
        return self._read(lambda run: run.total)

    @property
    def done(self) -> int:
        """Trials done."""
        return self._read(lambda run: run.done)

    @property
    def log(self) -> xarray.Dataset:
        """Over ``trial`` (from 1): loss, alignment, seconds, and angle if `gradient_angle` was given."""
        return self._read(lambda run: run.log())

    def trajectories(self, *names: str) -> xarray.Dataset:
        """What was recorded, over time (s), trial and unit; conditions are coordinates. Names: some of the variables."""
        return self._read(lambda run: run.trajectories(*names))

    def spikes(self, state: str = "z") -> xarray.Dataset:
        """Every spike that was recorded: trial, step, time (s) and unit over ``spike``, sorted by trial and time; `state` is the one that spikes."""
        return listed(self.trajectories(state)[state])

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """After how many trials a snapshot of the network is kept, as far as the training has come."""
        return self._read(lambda run: run.snapshots_kept)

    def checkpoint(self, trial: int) -> Any:
        """The network after so many trials, one of `checkpoints`; 0 is the untrained one."""
        return self._read(lambda run: run.network(trial))

    @property
    def analyses(self) -> tuple[str, ...]:
        """Names of what `store_analysis` has put into the file."""
        return self._read(lambda run: analysis.names(run.file))

    def store_analysis(self, name: str, dataset: xarray.Dataset, replace: bool = False) -> None:
        """Keep what was found of the run in its file, under ``/analysis/<name>``, where xarray and `analysis` find it.

        The file is written anew and put in the place of the old one when it is complete.

        Parameters
        ----------
        name : str
            Letters, digits and _.
        dataset : xarray.Dataset or DataArray
            Of numbers and texts, as `nr.dynamics` returns. A complex variable is kept as two, ``_real`` and ``_imag``.
        replace : bool
            Replace one of that name.

        Raises
        ------
        ValueRefused
            If the name is none, or taken, or the dataset holds something else.
        RunFileError
            If the run is in memory, or its file is being written.

        Examples
        --------
        >>> import neurorec as nr
        >>> run = nr.open_run("run.h5")
        >>> run.store_analysis("points", nr.dynamics.fixed_points(run))
        >>> run.analysis("points")["state"].dims
        ('point', 'unit')
        """
        self._read(lambda run: analysis.store(run, name, dataset, replace))

    def analysis(self, name: str) -> xarray.Dataset:
        """What `store_analysis` has put into the file, one of `analyses`."""
        return self._read(lambda run: analysis.load(run, name))

    def check(self) -> list[Part]:
        """Every checksum of the file compared, part by part, as ``neurorec check`` shows it: name, status and a note each.

        Raises
        ------
        RunFileError
            If the file is too damaged to find its parts; or of a run in memory, which has no file.
        """
        if self.path is None:
            raise RunFileError("a run in memory has no file to check; save_as makes one")
        return check(self.path, self._reader.index)

    def save_as(self, path: str | Path, overwrite: bool = False) -> Path:
        """Copy the run, such as one in memory, to a file."""
        return self._read(lambda run: save_as(run, path, overwrite))

    def _display(self) -> tuple[str, Rows]:
        where = "in memory" if self.path is None else str(self.path)
        try:
            return where, self._rows()
        except RunFileError as error:  # to look at a run whose file is gone is no mistake
            return where, [("network", self.network.sizes), ("file", str(error))]

    def _rows(self) -> Rows:
        config, log, done = self.config, self.log, self.done
        task = briefly({name: value for name, value in config["task_settings"].items() if value is not None})
        means = f"feedback {config['feedback']}, {briefly(config['optimiser'])} at rate {briefly(config['rate'])}, weights change after every {config['update']}"
        return [
            ("task", f"{config['task']}: {task}"),
            ("rule", f"{config['rule']}, {means}"),
            ("network", f"{self.network.sizes}, {getattr(self.network, 'cell', None) or self.network.architecture}"),
            ("trials", f"{done:,} of {self.total:,} done, in batches of {config['batch']}; seed {config['seed']}"),
            ("loss", f"{config['loss']}, {_course(log['loss'].values[:done])}"),
            ("recorded", several(f"{name} {' x '.join(map(str, sizes.values()))}" for name, sizes in self.about["recorded"].items())),
            ("engine", f"{config['engine']}, {briefly(float(log['seconds'][done - 1]) if done else 0.0)} s"),
        ]

    def _read(self, read: Callable[[RunReader], Any]) -> Any:
        """From memory, or from the path: a run with a path holds no file open, so that others may resume it."""
        return read(self._reader.again())


def _course(losses: np.ndarray) -> str:
    """From the first trials to the last."""
    few = min(RECENT, max(1, len(losses) // 10))
    return f"{losses[:few].mean():.4g} -> {losses[-few:].mean():.4g} (first and last {some(few, 'trial')})" if len(losses) else "none yet"


def trained_so_far(run: RunReader) -> Any:
    """The network with the weights of the newest resume state."""
    initial = run.initial()
    vector = run.state().vector
    return Weights.of(initial, vector.dtype).like(vector).into(initial)
