"""Weights that live on the GPU through a whole training, and are copied only where somebody looks."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, final

import numpy as np
from numba import cuda

from neurorec.engines.base import Activity, Stimulus, UpdateSettings
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.engines.base.residence import CLOSE, AbstractResidence, Pace
from neurorec.engines.cuda import compile, passes, step_updates
from neurorec.engines.cuda.bench import Bench, OnGpu
from neurorec.engines.cuda.chunk import UnderWay, cosines
from neurorec.engines.cuda.given import sent
from neurorec.engines.cuda.kernels import flat
from neurorec.engines.cuda.layouts import blocks
from neurorec.engines.cuda.loss_error import error_of, kernel_of
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.learning.rules.base import AbstractRule
from neurorec.learning.updates import hyperparameters
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

FEW = 128  # blocks of a sum, whose parts one thread adds up


@final
class Resident(AbstractResidence):
    """On the GPU: what goes there in a batch is what the trials give, what comes back is the readout and a few sums.

    Parameters
    ----------
    bench : Bench
    network : Network
        Without parametrisation.
    weights : Weights
        On the host, where training begins.
    update_settings : UpdateSettings
    """

    def __init__(self, bench: Bench, network: Network, weights: Weights, update_settings: UpdateSettings):
        self.bench, self.network, self.update_settings = bench, network, update_settings
        slots = np.zeros((_slots(update_settings.optimiser), weights.vector.size), np.float32)
        self.weights: OnGpu = weights.like(cuda.to_device(weights.vector))
        self.slots = cuda.to_device(slots)
        self._before = cuda.to_device(weights.vector), cuda.to_device(slots)
        self.rates, self.lower_bounds = (
            cuda.to_device(np.ascontiguousarray(each, np.float32)) for each in (update_settings.rates, update_settings.lower_bounds)
        )
        self.clipped, self._left, self._sums = cuda.to_device(np.zeros(1)), 1.0, None

    def forward(self, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        return passes.forward(self.bench, self.network, self.weights, sent(self.bench.memory, stimulus)).activity()

    def change(self, stimulus: Stimulus, activity: Activity, error: np.ndarray, rule: AbstractRule, feedback: AbstractFeedback) -> OnGpu:
        """On the GPU."""
        errors = self.bench.memory.there("error", error)
        return passes.change(self.bench, self.network, passes.Queued.behind(activity), errors, rule, feedback)

    def on_host(self, change: OnGpu) -> np.ndarray:
        """Copied."""
        return change.vector.copy_to_host()

    def step(self, change: OnGpu, pace: Pace) -> None:
        """A thread for each weight."""
        self._begin(pace.left)
        self._update(change, pace)

    def _update(self, change: OnGpu, pace: Pace) -> None:
        if math.isfinite(self.update_settings.clip):
            self._sum(flat.squares, (change.vector, self.rates, np.float32(pace.left)), self.clipped)
        weights = self.weights.vector
        update(
            self.update_settings, weights, change.vector, self.slots, self.rates, self.lower_bounds, self.clipped, pace, self.bench.stream
        )

    def online(self, stimulus: Stimulus, pace: Pace) -> Activity:
        """By the kernel that learns at every step."""
        self._begin(pace.left)
        learnt = step_updates.Learnt(self.rates, pace.left)
        return step_updates.online(self.bench, self.network, self.weights, stimulus, self.update_settings, learnt)

    def chunks(self, schedule: str, steps: int, trials: int) -> bool:
        """Of updates at the end of a batch, where the GPU computes the loss's error."""
        del steps, trials
        return schedule == "trial" and kernel_of(self.update_settings.loss) is not None

    def chunk(self, batches: Batches) -> Learnt:
        """Launches of all batches are queued; the host waits for nothing but what is kept of them, which comes back after the last."""
        settings, bench, network = self.update_settings, self.bench, self.network
        under_way = UnderWay(bench.memory, batches)
        self._begin(float(batches.left[-1]))
        for i, left in enumerate(batches.left):
            given, targets, loss_weight = under_way.batch(i)
            queued = passes.forward(bench, network, self.weights, given)
            errors = error_of(bench, settings.loss, queued.readout, targets, loss_weight)
            change = passes.change(bench, network, queued, errors, settings.rule, settings.feedback)
            self._update(change, Pace(batches.count + i, left))
            self._queue_survey(1, under_way.sums[i])
            under_way.keep(i, queued)
        return under_way.learnt()

    def _begin(self, left: float) -> None:
        """Keep what is there."""
        self._left, self._sums = left, None
        self._copy((self.weights.vector, self.slots), self._before)

    def undo(self) -> None:
        """As the contract says."""
        self._sums = None
        self._copy(self._before, (self.weights.vector, self.slots))

    def _copy(self, sources: tuple, targets: tuple) -> None:
        for source, target in zip(sources, targets, strict=True):
            target.copy_to_device(source, stream=self.bench.stream)

    def finite(self) -> bool:
        """As the contract says."""
        return self._survey(1)[0] == 0

    def stood_still(self, updates: int) -> bool:
        """As the contract says."""
        _, mine, moved, *_ = self._survey(updates)
        return mine > 0 and moved == 0

    def alignment(self) -> float:
        """As the contract says."""
        return float(cosines(np.array([self._survey(1)]))[0])

    def _survey(self, updates: int) -> list[float]:
        """The sums of `flat.survey`, which are looked for once a batch, but for the first ones."""
        if self._sums is None or self._sums[0] != updates:
            found = self.bench.memory.array("sums", (flat.SUMS,), np.float64)
            self._queue_survey(updates, found)
            self._sums = updates, found.copy_to_host().tolist()
        return self._sums[1]

    def _queue_survey(self, updates: int, out: Any) -> None:
        update_settings, spans = self.update_settings, self.weights.spans
        arguments = (
            self.weights.vector, self._before[0], self.rates, np.float32(self._left), np.float32(update_settings.decay),
            np.float32(CLOSE if update_settings.decay else 0), updates, spans["readout"].start, spans["feedback"].start,
            self.weights.shapes["readout"][0],
        )  # fmt: skip
        self._sum(flat.survey, arguments, out)

    def _sum(self, kernel: Any, arguments: tuple, out: Any) -> None:
        """Sums over all weights: of each block, then of the blocks."""
        stream, few = self.bench.stream, min(FEW, blocks(self.weights.vector.size))
        parts = self.bench.memory.array("parts", (out.size, few), np.float64)
        kernel[few, flat.THREADS, stream](*arguments, parts)
        flat.add_up[1, flat.THREADS, stream](parts, out)

    def state(self) -> tuple[np.ndarray, np.ndarray]:
        """Copied."""
        slots = self.slots.copy_to_host()
        return self.weights.vector.copy_to_host(), slots[: len(self.update_settings.optimiser.slots)]

    def restore(self, vector: np.ndarray, slots: np.ndarray) -> None:
        """Copied."""
        self._sums = None
        self.weights.vector.copy_to_device(np.ascontiguousarray(vector, np.float32))
        if len(slots):
            self.slots.copy_to_device(np.ascontiguousarray(slots, np.float32))


def update(
    update_settings: UpdateSettings,
    weights: Any,
    change: Any,
    slots: Any,
    rates: Any,
    lower_bounds: Any,
    squared: Any,
    pace: Pace,
    stream: Any = 0,
) -> None:
    """Call the kernel of that name, for all weights."""
    optimiser = update_settings.optimiser
    compile.update(type(optimiser)).update[blocks(weights.size), flat.THREADS, stream](
        weights, change, slots, rates, lower_bounds, squared, float(update_settings.clip), np.float32(update_settings.decay), np.float32(pace.left),
        pace.count + 1, hyperparameters(optimiser) or (0.0,),
    )  # fmt: skip


def expect_compiled(update_settings: UpdateSettings) -> None:
    """Refuse an optimiser or a feedback that the GPU's compiler does not know how to compile, by trying it on one weight.

    Raises
    ------
    NotOffered
        Saying which one, and which engines can.
    """
    for law in update_settings.optimiser.laws:
        compile.tried(law, lambda law=law: _try(replace(update_settings, optimiser=law)))
    square = cuda.to_device(np.zeros((1, 1), np.float32))
    compile.tried(update_settings.feedback, lambda: passes.blend(0, update_settings.feedback, square, square, square))


def _try(update_settings: UpdateSettings) -> None:
    one, nothing = cuda.to_device(np.ones(1, np.float32)), cuda.to_device(np.zeros(1))
    slots = cuda.to_device(np.zeros((_slots(update_settings.optimiser), 1), np.float32))
    update(update_settings, one, one, slots, one, one, nothing, Pace(0, 1.0))


def _slots(optimiser: AbstractOptimiser) -> int:
    """Rows: an array has at least one."""
    return max(1, len(optimiser.slots))
