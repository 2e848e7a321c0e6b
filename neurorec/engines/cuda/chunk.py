"""A chunk of batches on its way over the GPU: sent there before the first, brought back after the last."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda

from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.engines.cuda.given import Given, with_one, words
from neurorec.engines.cuda.kernels import flat
from neurorec.engines.cuda.memory import Memory
from neurorec.engines.cuda.passes import Queued

REAL: Any = np.float32


class UnderWay:
    """What batches give, and room for what is kept of them, on the GPU; fresh arrays, for chunks are of many lengths.

    Parameters
    ----------
    memory : Memory
        Of the bench that runs them.
    batches : Batches

    Attributes
    ----------
    sums : (n, SUMS) GPU array
        To be filled with the sums of `flat.survey` after each batch.
    """

    def __init__(self, memory: Memory, batches: Batches):
        self._memory, self._batches = memory, batches
        n, recorded = len(batches.inputs), int(batches.recorded.sum())
        (_, steps, trials, _), states = batches.inputs.shape, batches.initial.shape
        key, first, self._scale = words(batches.noise)
        counted = np.array([first + np.array((0, i * trials), np.uint64) for i in range(n)])
        arrays = (with_one(batches.inputs), batches.initial, batches.targets, batches.loss_weight, key, counted)
        sent = [cuda.to_device(np.ascontiguousarray(each), stream=memory.stream) for each in arrays]
        self._outside, self._before, self._targets, self._loss_weight, self._key, self._counted = sent
        self._readouts = cuda.device_array_like(self._targets)
        self._states = cuda.device_array((max(1, recorded), steps + 1, *states), REAL)  # an array has at least one entry
        self._kept, self.sums = 0, cuda.device_array((n, flat.SUMS), np.float64)

    def batch(self, i: int) -> tuple[Given, Any, Any]:
        """What is given to batch i, its targets (T, B, O), and each step's share of its loss, (T, B)."""
        # To where those of a batch alone lie: cuBLAS chooses how to multiply, and so to round, by the place of what it is given.
        outside = self._memory.array("outside", self._outside.shape[1:])
        outside.copy_to_device(self._outside[i], stream=self._memory.stream)
        given = Given(outside, self._before, self._key, self._counted[i], self._scale)
        return given, self._targets[i], self._loss_weight[i]

    def keep(self, i: int, queued: Queued) -> None:
        """Readouts and states of batch i, in the order of launches."""
        self._readouts[i].copy_to_device(queued.readout, stream=self._memory.stream)
        if self._batches.recorded[i]:
            self._states[self._kept].copy_to_device(queued.states, stream=self._memory.stream)
            self._kept += 1
        if self._batches.carried:
            self._before = queued.states[-1]  # which stands there until the next batch begins in it

    def learnt(self) -> Learnt:
        """Wait for all of it, and bring it back."""
        sums = self.sums.copy_to_host()
        wrong = np.flatnonzero(sums[:, 0])
        done = int(wrong[0]) if len(wrong) else len(sums)
        states = self._states.copy_to_host()[: self._kept]
        return Learnt(done, self._readouts.copy_to_host(), states, cosines(sums[:done]), self._before.copy_to_host())


def cosines(sums: np.ndarray) -> np.ndarray:
    """Alignment of the readout with the feedback, (n,), from sums of `flat.survey`, (n, SUMS); 0 where one of both is zero."""
    inner, forth, back = sums[:, 3:].T
    size = np.sqrt(forth) * np.sqrt(back)
    return np.divide(inner, size, out=np.zeros(len(sums)), where=size > 0)
