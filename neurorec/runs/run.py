"""A training, done or under way, as its user sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.display import AbstractDisplayed, Rows, briefly, several, some
from neurorec.errors import RunFileError
from neurorec.networks.weights import Weights
from neurorec.runs import RunFile
from neurorec.runs.check import Part, check
from neurorec.trust import Trust, trusted

if TYPE_CHECKING:
    import xarray

RECENT = 100  # trials, at most, over which a first and a last loss are means


class Run(AbstractDisplayed):
    """One training: the trained network, the log, what was recorded.

    Get one from `nr.train`, `nr.resume` or `nr.open_run`.

    Parameters
    ----------
    file : RunFile
        Open; of a run in memory it is the only copy.
    network : Network or ModuleNetwork
        As trained so far.

    Attributes
    ----------
    trust : bool or tuple of type
        Classes that the file may name, as `open_run` was told.
    """

    def __init__(self, file: RunFile, network: Any):
        self._file, self.network, self.path, self.trust = file, network, file.path, file.trust

    @property
    def config(self) -> dict[str, Any]:
        """Everything that fixes the training: rule, task and its settings, rates, seed ..."""
        return self._read(lambda file: file.config)

    @property
    def about(self) -> dict[str, Any]:
        """Where the run comes from: seed_entropy, created, git_commit, format_version, versions; recorded: size of each variable by dimension."""
        return self._read(lambda file: file.about)

    @property
    def total(self) -> int:
        """Trials asked for."""
        return self._read(lambda file: file.total)

    @property
    def done(self) -> int:
        """Trials done."""
        return self._read(lambda file: file.done)

    @property
    def log(self) -> xarray.Dataset:
        """Over ``trial`` (from 1): loss, alignment, seconds, and angle where it was asked for."""
        return self._read(lambda file: file.log())

    def trajectories(self, *names: str) -> xarray.Dataset:
        """What was recorded, over time (s), trial and unit; conditions are coordinates. Names: some of the variables."""
        return self._read(lambda file: file.trajectories(*names))

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """After how many trials a snapshot of the network is kept, as far as the training has come."""
        return self._read(lambda file: file.snapshots_kept)

    def checkpoint(self, trial: int) -> Any:
        """The network after so many trials, one of `checkpoints`; 0 is the untrained one."""
        return self._read(lambda file: file.network(trial))

    def check(self) -> list[Part]:
        """Every checksum of the file compared, part by part, as ``neurorec check`` shows it: name, status and a note each.

        Raises
        ------
        RunFileError
            If nothing can be told; or of a run in memory, which has no file.
        """
        if self.path is None:
            raise RunFileError("a run in memory has no file to check; save_as makes one")
        return check(self.path)

    def save_as(self, path: str | Path, overwrite: bool = False) -> Path:
        """Copy the run, such as one in memory, to a file."""
        return self._read(lambda file: file.save_as(path, overwrite))

    def _display(self) -> tuple[str, Rows]:
        where = "in memory" if self.path is None else str(self.path)
        try:
            return where, self._rows()
        except RunFileError as error:  # to look at a run whose file is gone is no mistake
            return where, [("network", self.network.sizes), ("file", str(error))]

    def _rows(self) -> Rows:
        config, log, done = self.config, self.log, self.done
        task = briefly({name: value for name, value in config["task_settings"].items() if value is not None})
        means = f"feedback {config['feedback']}, {config['optimiser']} at rate {briefly(config['rate'])}, weights change after every {config['update']}"
        return [
            ("task", f"{config['task']}: {task}"),
            ("rule", f"{config['rule']}, {means}"),
            ("network", f"{self.network.sizes}, {getattr(self.network, 'cell', None) or self.network.architecture}"),
            ("trials", f"{done:,} of {self.total:,} done, in batches of {config['batch']}; seed {config['seed']}"),
            ("loss", f"{config['loss']}, {_course(log['loss'].values[:done])}"),
            ("recorded", several(f"{name} {' x '.join(map(str, sizes.values()))}" for name, sizes in self.about["recorded"].items())),
            ("engine", f"{config['engine']}, {briefly(float(log['seconds'][done - 1]) if done else 0.0)} s"),
        ]

    def _read(self, question: Any) -> Any:
        """From the open file, or from the path: a run with a path holds no file open, so that others may resume it."""
        if self.path is None:
            return question(self._file)
        with RunFile.open(self.path, trust=self.trust) as file:
            return question(file)


def _course(losses: np.ndarray) -> str:
    """From the first trials to the last."""
    few = min(RECENT, max(1, len(losses) // 10))
    return f"{losses[:few].mean():.4g} -> {losses[-few:].mean():.4g} (first and last {some(few, 'trial')})" if len(losses) else "none yet"


def open_run(path: str | Path, trust: Trust = False) -> Run:
    """A run from its file; may be called while another process trains it.

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
    """
    with RunFile.open(path, trust=trusted(trust)) as file:
        return Run(file, trained_so_far(file))


def trained_so_far(file: RunFile) -> Any:
    """The network with the weights of the newest resume state."""
    initial = file.initial()
    vector = file.state().vector
    return Weights.of(initial, vector.dtype).like(vector).into(initial)
