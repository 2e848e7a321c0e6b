"""One batch after another, and what is written to the run of each."""

from __future__ import annotations

import time

import numpy as np

from neurorec.engines.base import Activity
from neurorec.errors import DivergenceError
from neurorec.hdf5.states import State
from neurorec.process.carry_on import AbstractWork
from neurorec.runs.record import recorded
from neurorec.runs.run_writer import RunWriter
from neurorec.runs.trial_log import RECENT, TrialLog
from neurorec.tasks.base.trials import Trials
from neurorec.training.ahead import Ahead
from neurorec.training.chunks import Length, learn, trials_of
from neurorec.training.trainer import Trainer


class Journal(AbstractWork):
    """Learns batch after batch and writes log, trajectories, snapshots and states to the run.

    Parameters
    ----------
    trainer : Trainer
    file : RunWriter
    until : int
        After how many trials it stops.
    in_chunks : bool
        Whether many batches may go by between two looks at the work from outside.
    ahead : bool
        Whether the next trials may be made in a thread meanwhile.
    """

    def __init__(self, trainer: Trainer, file: RunWriter, until: int, in_chunks: bool = True, ahead: bool = False):
        run, done = file.reader, file.reader.done
        self.trainer, self.file, self.total, self.record = trainer, file, until, run.record
        self.snapshots, self.length, self._in_chunks, self._steps = set(run.snapshot_trials), Length(trainer), in_chunks, 0
        self._ahead = Ahead(trainer.trials, ahead)
        self.log = TrialLog(file, done)
        if done:
            log = run.log()
            self.log = TrialLog(file, done, log["loss"].values[:done][-RECENT:])
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
        """One batch, or many in a row, their rows in the log, their trajectories; a checkpoint when it is time."""
        batches = self._batches(self.done)
        if batches == 1 or not self._chunk(batches):
            self._batch()
        if self.done in self.snapshots:
            self.file.snapshot(self.done, self.trainer.trained())
        if self.log.due:
            self.checkpoint()

    def _batch(self) -> None:
        first = self.done
        n = self._left_of_batch(first)
        trials = self._taken(first, n)
        activity, row = self._learn(trials, first)
        activity = self.trainer.engine.completed(activity, self.record.trials(first, first + n) - first)
        self._record(activity, trials, np.arange(first, first + n))
        self.log.append(row, row["loss"])

    def _chunk(self, batches: int) -> bool:
        """Whether it went as it should: else nothing was learnt. It ends where the criterion is met."""
        began, first, batch = time.monotonic(), self.done, self.trainer.settings.batch
        trials = self._taken(first, batches * batch)
        recorded = np.zeros(batches, bool)
        recorded[(self.record.trials(first, first + trials.count) - first) // batch] = True
        chunk = learn(self.trainer, trials, first, recorded, self._enough)
        if chunk is None:
            self.length.failed(first, batches)
            return False
        for which in chunk.together(self.record):
            numbers = trials_of(which, batch)
            self._record(chunk.of(which), trials.take(numbers), first + numbers)
        self.log.append(chunk.row, chunk.row["loss"])
        self.length.took(batches, time.monotonic() - began)
        return True

    def _taken(self, first: int, n: int) -> Trials:
        """Trials number `first` and on; those that follow are being made while these are learnt from."""
        trials = self._ahead.take(first, n)
        self._steps, after = trials.steps, first + n
        if after < self.total:
            batches = self._batches(after)
            self._ahead.expect(after, self._left_of_batch(after) if batches == 1 else batches * self.trainer.settings.batch)
        return trials

    def _batches(self, first: int) -> int:
        """How many are learnt from at a time, from trial `first` on."""
        known = self._in_chunks and self._steps > 0  # how long trials are, the first tells
        return self.length.batches(first, self._next_stop(first), self._steps) if known else 1

    def _left_of_batch(self, first: int) -> int:
        """Trials of the next batch: after a stop within one, what is left of it."""
        batch = self.trainer.settings.batch
        return min(batch - first % batch, self.total - first)

    def _enough(self, loss: np.ndarray) -> int:
        """After how many of the next batches the criterion is met, by their losses; all, if it is not."""
        limit, batch = self.trainer.settings.stop_below, self.trainer.settings.batch
        return len(loss) // batch if limit is None else self.log.batches_until(limit, loss, batch)

    def _next_stop(self, first: int) -> int:
        """Where a chunk from trial `first` on must end at the latest: after the last trial, or at a snapshot."""
        return min([self.total, *(trial for trial in self.snapshots if trial > first)])

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
        self._ahead.close()
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

    def _record(self, activity: Activity, trials: Trials, held: np.ndarray) -> None:
        """Those to record among some trials, whose numbers ascend."""
        numbers = self.record.trials(held[0], held[-1] + 1)
        if len(numbers) == 0:
            return
        which = np.searchsorted(held, numbers)
        arrays = {name: self.record.pick(name, self._variable(name, activity, trials)[:, which]) for name in self.record.variables}
        self.file.write_trajectories(numbers, arrays, {name: value[which] for name, value in trials.conditions.items()})

    def _variable(self, name: str, activity: Activity, trials: Trials) -> np.ndarray:
        return recorded(name, self.trainer.network, activity, trials.inputs, trials.targets)
