"""Many batches in a row that are learnt from in one call of the engine: a chunk. Each gives the numbers that `Trainer.learn` gives."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from neurorec.engines.base import Activity
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.runs.record import Record
from neurorec.simulation.stimulus import targets
from neurorec.tasks.base.trials import Trials
from neurorec.training.trainer import UNBEARABLE, Trainer

SECONDS = 0.2  # of a chunk: progress is shown, and Ctrl-C and checkpoints come, between two
GROWTH = 8  # times the batches of the last chunk, at most
ALIKE = 1.5  # times as long: not worth another length
MEMORY = 2**25  # bytes of a chunk's trials, and of what is recorded of them, about
COPIES = 6  # of a trial's numbers on their way from the task to the engine, in double precision


class Chunk(NamedTuple):
    """What was learnt, a row of the log for each trial, and which batches were recorded."""

    learnt: Learnt
    row: dict[str, np.ndarray]
    recorded: np.ndarray

    def of(self, which: np.ndarray) -> Activity:
        """What the network did in some of the recorded batches, by their numbers, whose trials then stand side by side."""
        states = self.learnt.states[np.searchsorted(self.recorded, which)]  # (m, T + 1, k, B, N)
        readouts = self.learnt.readouts[which]
        steps, outputs, nothing = *readouts.shape[1::2], np.empty(0, states.dtype)
        beside = np.moveaxis(states, 0, 2).reshape(*states.shape[1:3], -1, states.shape[4])
        return Activity(beside, nothing, nothing, np.moveaxis(readouts, 0, 1).reshape(steps, -1, outputs))

    def together(self, record: Record) -> list[np.ndarray]:
        """Numbers of recorded batches that are written at once: all, but one each where NumPy's order of a sum depends on how many there are."""
        if len(self.recorded) == 0:
            return []
        return np.split(self.recorded, len(self.recorded) if record.reduce == "mean" else 1)


def trials_of(batches: np.ndarray, batch: int) -> np.ndarray:
    """Numbers of the trials of some batches."""
    return (batches[:, None] * batch + np.arange(batch)).ravel()


class Length:
    """How many batches make a chunk: as many as take a fraction of a second, and fit into memory.

    Parameters
    ----------
    trainer : Trainer
    """

    def __init__(self, trainer: Trainer):
        self._trainer, self._batches, self._single_until = trainer, 1, 0
        self._possible: bool | None = None  # asked once: all trials of a training are alike

    def batches(self, first: int, stop: int, steps: int) -> int:
        """How many to take from trial `first` on, and none of them beyond `stop`; 1: `Trainer.learn` takes it."""
        trainer, batch = self._trainer, self._trainer.settings.batch
        if first % batch or first < self._single_until or trainer.silence.possible or trainer.settings.gradient_angle:
            return 1
        if self._possible is None:
            self._possible = trainer.residence.chunks(trainer.settings.schedule, steps, batch)
        if not self._possible:
            return 1
        network = trainer.network
        numbers = COPIES * (network.inputs + network.outputs + 1) + network.initial.size
        size = 8 * (batch * steps * numbers + 2 * network.readout.size)
        return max(1, min((stop - first) // batch, GROWTH * self._batches, MEMORY // size))

    def took(self, batches: int, seconds: float) -> None:
        """The last one. Trials of the next are being made already, so its length changes only where it matters."""
        fitting = max(1, min(batches, int(SECONDS / GROWTH * batches / max(seconds, 1e-9))))
        if not self._batches / ALIKE < fitting < self._batches * ALIKE:
            self._batches = fitting

    def failed(self, first: int, batches: int) -> None:
        """One that has to be learnt batch by batch, from trial `first` on, which finds out what is wrong with it."""
        self._single_until, self._batches = first + batches * self._trainer.settings.batch, 1


def learn(trainer: Trainer, trials: Trials, first: int, recorded: np.ndarray, enough: Callable[[np.ndarray], int]) -> Chunk | None:
    """Learn from whole batches, (n,) of which are recorded; None, and nothing is changed, if anything about one is out of the ordinary.

    Of the losses of all trials `enough` says after how many batches training is to stop; what was learnt from more is undone.
    """
    began, n = time.monotonic(), len(recorded)
    mask_share = _shares(trials, trainer.settings.batch)
    with np.errstate(over="ignore", invalid="ignore"):
        given = _batches(trainer, trials, mask_share, first, recorded)
        learnt = trainer.residence.chunk(given)
        loss = _losses(trainer, learnt, given, mask_share) if learnt.done == n else np.full(n, np.nan)
    if not (loss < UNBEARABLE).all():
        trainer.residence.undo()
        return None
    if (stop := enough(loss)) < n:
        trainer.residence.undo()
        return learn(trainer, _beginning(trials, stop * trainer.settings.batch), first, recorded[:stop], lambda loss: stop)
    trainer.updates += n * (trials.steps if trainer.settings.schedule == "step" else 1)
    trainer.start.ended(learnt.ended)
    now, each = time.monotonic() - trainer.began, np.arange(1, n + 1) / n
    seconds = now - (time.monotonic() - began) * (1 - each)
    per_batch = {"alignment": learnt.alignment, "seconds": seconds}
    row = {"loss": loss, **{name: np.repeat(value, trainer.settings.batch) for name, value in per_batch.items()}}
    return Chunk(learnt, row, np.flatnonzero(recorded))


def _batches(trainer: Trainer, trials: Trials, shares: np.ndarray, first: int, recorded: np.ndarray) -> Batches:
    network, settings, dtype = trainer.network, trainer.settings, trainer.engine.dtype
    n, batch = len(recorded), settings.batch
    left = np.array([settings.rate_left(first + k * batch) for k in range(n)], dtype)
    noise = trainer.noise(trials.steps, trials.count, first)
    return Batches(
        settings.schedule, _by_batch(trials.inputs, n, dtype), _by_batch(targets(network, trials), n, dtype), _by_batch(shares, n, dtype),
        noise, trainer.start.of(batch), settings.start == "carried", left, trainer.updates, recorded,
    )  # fmt: skip


def _beginning(trials: Trials, count: int) -> Trials:
    """The first so many."""
    conditions = {name: value[:count] for name, value in trials.conditions.items()}
    arrays = (trials.inputs[:, :count], trials.targets[:, :count], trials.mask[:, :count])
    return Trials(*arrays, conditions, trials.dt, trials.loss, trials.channels)


def _by_batch(array: np.ndarray, n: int, dtype: type) -> np.ndarray:
    """(T, n B, ...) to (n, T, B, ...)."""
    apart = array.reshape(array.shape[0], n, array.shape[1] // n, *array.shape[2:])
    return np.ascontiguousarray(np.moveaxis(apart, 1, 0), dtype=dtype)


def _over_time(array: np.ndarray, batch: int) -> np.ndarray:
    """Sum of (T, n B) over time, in the order in which NumPy sums that of a batch, (T, B): pairwise where it is one row of numbers."""
    return np.ascontiguousarray(array.T).sum(axis=1) if batch == 1 else array.sum(axis=0)


def _shares(trials: Trials, batch: int) -> np.ndarray:
    """`Trials.weight` of each batch, (T, n B)."""
    return trials.mask / _over_time(trials.mask, batch) / batch


def _losses(trainer: Trainer, learnt: Learnt, given: Batches, shares: np.ndarray) -> np.ndarray:
    """`neurorec.simulation.loss.losses` of each batch, (n B,)."""
    n, steps, batch, outputs = learnt.readouts.shape
    each = trainer.update_settings.loss.value(learnt.readouts.reshape(-1, outputs), given.targets.reshape(-1, outputs))
    in_time = np.ascontiguousarray(each.reshape(n, steps, batch).transpose(1, 0, 2)).reshape(steps, n * batch)
    return _over_time(in_time * shares * batch, batch)
