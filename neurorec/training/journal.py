"""One batch after another, and what is written down of it."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from neurorec.engines.base import Activity
from neurorec.runs import RunFile
from neurorec.runs.record import recorded
from neurorec.tasks.base.trials import Trials
from neurorec.training.trainer import Trainer

if TYPE_CHECKING:
    import xarray


FLUSH_SECONDS = 1.0  # of wall clock between two checkpoints: what a killed training loses


RECENT = 100  # trials over which the criterion's mean loss is taken


class Journal:
    """Learns batch after batch and writes down what happened, a block of rows at a time: bounded in memory."""

    def __init__(self, trainer: Trainer, file: RunFile, until: int):
        self.trainer, self.file = trainer, file
        self.done, self.total, self.record = file.done, until, file.record
        self.snapshots, self.rows, self.flushed = set(file.snapshot_trials), [], time.monotonic()
        log = file.log()
        self.losses: deque[float] = deque(self._losses_so_far(log), maxlen=RECENT)
        if self.done:
            trainer.began -= float(log["seconds"][self.done - 1])  # the clock goes on where it stopped

    @property
    def recent_loss(self) -> float:
        """Mean loss of the last trials."""
        return float(np.mean(self.losses)) if self.losses else np.nan

    @property
    def finished(self) -> bool:
        """All trials done, or the criterion met."""
        limit = self.trainer.settings.stop_below
        met = limit is not None and len(self.losses) == RECENT and self.recent_loss < limit
        return self.done >= self.total or met

    def batch(self) -> None:
        """One batch, its row in the log, its trajectories; a checkpoint when it is time."""
        first, batch = self.done, self.trainer.settings.batch
        n = min(batch - first % batch, self.total - first)  # after a stop within a batch, what is left of that one
        trials = self.trainer.trials(first, n)
        activity, row = self.trainer.learn(trials, first)
        self.losses.extend(map(float, row["loss"]))
        self.rows.append(row)
        self._record(activity, trials, first)
        self.done = first + n
        if self.done in self.snapshots:
            self.file.snapshot(self.done, self.trainer.trained())
        if time.monotonic() - self.flushed > FLUSH_SECONDS:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Everything up to now to the file."""
        columns = {name: np.concatenate([row[name] for row in self.rows]) for name in (self.rows[0] if self.rows else ())}
        if columns:
            self.file.write_log(self.done - len(columns["loss"]), columns)
        trainer = self.trainer
        self.file.checkpoint(self.done, trainer.updates, trainer.weights.vector, trainer.slots, trainer.start.vector)
        self.rows, self.flushed = [], time.monotonic()

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

    def _losses_so_far(self, log: xarray.Dataset) -> list[float]:
        return list(map(float, log["loss"].values[: self.done][-RECENT:]))
