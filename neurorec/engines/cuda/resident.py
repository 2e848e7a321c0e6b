"""Weights that live on the GPU through a whole training, and are copied only where somebody looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, final

import numpy as np
from numba import cuda
from numba.core.errors import NumbaError

from neurorec.engines.base import Activity, Stimulus, UpdateSettings
from neurorec.engines.base.residence import CLOSE, AbstractResidence, Pace
from neurorec.engines.cuda import compile, passes, step_updates
from neurorec.engines.cuda.bench import Bench, OnGpu
from neurorec.engines.cuda.kernels import flat
from neurorec.engines.cuda.layouts import blocks
from neurorec.errors import NotOffered
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
        return passes.forward(self.bench, self.network, self.weights, stimulus).activity()

    def change(self, stimulus: Stimulus, activity: Activity, error: np.ndarray, rule: AbstractRule, feedback: AbstractFeedback) -> OnGpu:
        """On the GPU."""
        return passes.change(self.bench, self.network, activity, error, rule, feedback)

    def on_host(self, change: OnGpu) -> np.ndarray:
        """Copied."""
        return change.vector.copy_to_host()

    def step(self, change: OnGpu, pace: Pace) -> None:
        """A thread for each weight."""
        self._begin(pace)
        if math.isfinite(self.update_settings.clip):
            self._sum(flat.squares, (change.vector, self.rates, np.float32(pace.left)), self.clipped)
        weights = self.weights.vector
        update(
            self.update_settings, weights, change.vector, self.slots, self.rates, self.lower_bounds, self.clipped, pace, self.bench.stream
        )

    def online(self, stimulus: Stimulus, pace: Pace) -> Activity:
        """By the kernel that learns at every step."""
        self._begin(pace)
        learnt = step_updates.Learnt(self.rates, pace.left)
        return step_updates.online(self.bench, self.network, self.weights, stimulus, self.update_settings, learnt)

    def _begin(self, pace: Pace) -> None:
        """Keep what is there."""
        self._left, self._sums = pace.left, None
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
        inner, forth, back = self._survey(1)[3:]
        size = math.sqrt(forth) * math.sqrt(back)
        return inner / size if size else 0.0

    def _survey(self, updates: int) -> list[float]:
        """The sums of `flat.survey`, which are looked for once a batch, but for the first ones."""
        if self._sums is None or self._sums[0] != updates:
            update_settings, spans = self.update_settings, self.weights.spans
            arguments = (
                self.weights.vector, self._before[0], self.rates, np.float32(self._left), np.float32(update_settings.decay),
                np.float32(CLOSE if update_settings.decay else 0), updates, spans["readout"].start, spans["feedback"].start,
                self.weights.shapes["readout"][0],
            )  # fmt: skip
            found = self.bench.memory.array("sums", (flat.SUMS,), np.float64)
            self._sum(flat.survey, arguments, found)
            self._sums = updates, found.copy_to_host().tolist()
        return self._sums[1]

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
        tried(law, lambda law=law: _try(replace(update_settings, optimiser=law)))
    square = cuda.to_device(np.zeros((1, 1), np.float32))
    tried(update_settings.feedback, lambda: passes.blend(0, update_settings.feedback, square, square, square))


def _try(update_settings: UpdateSettings) -> None:
    one, nothing = cuda.to_device(np.ones(1, np.float32)), cuda.to_device(np.zeros(1))
    slots = cuda.to_device(np.zeros((_slots(update_settings.optimiser), 1), np.float32))
    update(update_settings, one, one, slots, one, one, nothing, Pace(0, 1.0))


def tried(part: object, call: Callable[[], object]) -> None:
    """Call what compiles an optimiser or a feedback.

    Raises
    ------
    NotOffered
        If the compiler gives up: by an error of its own, or by that of a table in which it did not find a function.
    """
    try:
        call()
    except (NumbaError, KeyError, NotImplementedError) as error:
        raise NotOffered(
            f"the GPU's compiler cannot compile {type(part).__name__} ({str(error).strip().splitlines()[-1]}); use arithmetic, np.sqrt, "
            "np.exp, np.abs and np.sign, or engine='numba'"
        ) from error


def _slots(optimiser: AbstractOptimiser) -> int:
    """Rows: an array has at least one."""
    return max(1, len(optimiser.slots))
