"""One batch after another, and what is written to the run of each."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity
from neurorec.errors import DivergenceError
from neurorec.hdf5.states import State
from neurorec.process.carry_on import AbstractWork
from neurorec.runs.record import recorded
from neurorec.runs.run_writer import RunWriter
from neurorec.runs.trial_log import RECENT, TrialLog
from neurorec.tasks.base.trials import Trials
from neurorec.training.trainer import Trainer


class Journal(AbstractWork):
    """Learns batch after batch and writes log, trajectories, snapshots and states to the run."""

    def __init__(self, trainer: Trainer, file: RunWriter, until: int):
        run, done = file.reader, file.reader.done
        self.trainer, self.file, self.total, self.record = trainer, file, until, run.record
        self.snapshots, log = set(run.snapshot_trials), run.log()
        self.log = TrialLog(file, done, log["loss"].values[:done][-RECENT:])
        if done:
            trainer.began -= float(log["seconds"][done - 1])  # the clock goes on where it stopped

    @property
    def done(self) -> int:
        """Trials so far."""
        return self.log.done

    @property
    def recent(self) -> float:
        """Mean loss of the last trials."""
        return self.log.recent

    @property
    def finished(self) -> bool:
        """All trials done, or the criterion met."""
        limit = self.trainer.settings.stop_below
        met = limit is not None and self.log.full and self.recent < limit
        return self.done >= self.total or met

    def step(self) -> None:
        """One batch, its row in the log, its trajectories; a checkpoint when it is time."""
        first, batch = self.done, self.trainer.settings.batch
        n = min(batch - first % batch, self.total - first)  # after a stop within a batch, what is left of that one
        trials = self.trainer.trials(first, n)
        activity, row = self._learn(trials, first)
        self._record(activity, trials, first)
        self.log.append(row, row["loss"])
        if self.done in self.snapshots:
            self.file.snapshot(self.done, self.trainer.trained())
        if self.log.due:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Everything up to now to the file."""
        trainer = self.trainer
        self.log.checkpoint(State(self.done, trainer.updates, *trainer.state, trainer.start.vector))

    def conclude(self) -> None:
        """Checkpoint, and store the network."""
        self.checkpoint()
        self.file.finish(self.trainer.trained())

    def close(self) -> None:
        """Close the file (a run in memory stays open: it is the only copy)."""
        if self.file.path is not None:
            self.file.close()

    def how_to_go_on(self) -> str:
        """The message for whoever interrupted the training."""
        lost = "it was in memory and is lost; train with path= to be able to resume"
        way = lost if self.file.path is None else f"go on with nr.resume({str(self.file.path)!r})"
        return f"stopped after trial {self.done} of {self.total}; {way}"

    def _learn(self, trials: Trials, first: int) -> tuple[Activity, dict[str, np.ndarray]]:
        try:
            return self.trainer.learn(trials, first)
        except DivergenceError as error:
            raise DivergenceError(f"{error}{'' if self.file.path is None else f' ({self.file.path} holds them)'}") from None

    def _record(self, activity: Activity, trials: Trials, first: int) -> None:
        numbers = self.record.trials(first, first + trials.count)
        if len(numbers) == 0:
            return
        which = numbers - first
        arrays = {name: self.record.pick(name, self._variable(name, activity, trials)[:, which]) for name in self.record.variables}
        self.file.write_trajectories(numbers, arrays, {name: value[which] for name, value in trials.conditions.items()})

    def _variable(self, name: str, activity: Activity, trials: Trials) -> np.ndarray:
        return recorded(name, self.trainer.network, activity, trials.inputs, trials.targets)
