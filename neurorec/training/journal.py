"""One batch after another, and what is written to the run of each."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity
from neurorec.hdf5.states import State
from neurorec.runs.record import recorded
from neurorec.runs.run_writer import RunWriter
from neurorec.runs.trial_log import RECENT, TrialLog
from neurorec.tasks.base.trials import Trials
from neurorec.training.trainer import Trainer


class Journal:
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
    def recent_loss(self) -> float:
        """Mean loss of the last trials."""
        return self.log.recent

    @property
    def finished(self) -> bool:
        """All trials done, or the criterion met."""
        limit = self.trainer.settings.stop_below
        met = limit is not None and self.log.full and self.recent_loss < limit
        return self.done >= self.total or met

    def batch(self) -> None:
        """One batch, its row in the log, its trajectories; a checkpoint when it is time."""
        first, batch = self.done, self.trainer.settings.batch
        n = min(batch - first % batch, self.total - first)  # after a stop within a batch, what is left of that one
        trials = self.trainer.trials(first, n)
        activity, row = self.trainer.learn(trials, first)
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

    def _record(self, activity: Activity, trials: Trials, first: int) -> None:
        numbers = self.record.trials(first, first + trials.count)
        if len(numbers) == 0:
            return
        which = numbers - first
        arrays = {name: self.record.pick(name, self._variable(name, activity, trials)[:, which]) for name in self.record.variables}
        self.file.write_trajectories(numbers, arrays, {name: value[which] for name, value in trials.conditions.items()})

    def _variable(self, name: str, activity: Activity, trials: Trials) -> np.ndarray:
        return recorded(name, self.trainer.network, activity, trials.inputs, trials.targets)
