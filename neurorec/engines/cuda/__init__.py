"""The GPU engine: compiled time loops in float32, by Numba's CUDA target."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numba import cuda

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings
from neurorec.engines.base.residence import AbstractResidence, HostResidence
from neurorec.engines.cuda import passes
from neurorec.engines.cuda.bench import Bench
from neurorec.engines.cuda.device import expect_gpu
from neurorec.engines.cuda.given import sent
from neurorec.engines.cuda.loss_error import error_of, kernel_of
from neurorec.engines.cuda.memory import OnDevice
from neurorec.engines.cuda.products import beside, products
from neurorec.engines.cuda.resident import Resident, expect_compiled
from neurorec.engines.cuda.sizes import WAYS
from neurorec.engines.cuda.step_updates import Learnt, expect_fused, online
from neurorec.errors import ValueRefused
from neurorec.learning.by_weight import ByWeight
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

ROUNDED = 1e-2  # 2^-11 a factor, and what recurrent steps make of it


class _Own(threading.local):
    """Each thread's arrays on the GPU: one that shares an engine must not write over what another has just computed."""

    def __init__(self, arrangement: str | None, tf32: bool) -> None:
        self.bench = Bench(arrangement, products(tf32))


class CudaEngine(AbstractEngine):
    """On an NVIDIA GPU what `numba` does on the CPU, in float32, with the time loop inside the kernel.

    Parameters
    ----------
    arrangement : str, optional
        ``"on_chip"``, ``"across_chip"`` or ``"apart"``; None: what `neurorec.engines.cuda.sizes.chosen` says.
    tf32 : bool
        Let cuBLAS round the factors of its products to TF32, which has 10 bits behind the point for float32's 23: faster on
        tensor cores, and equal to the reference to `tolerance` 1e-2 in the place of 1e-4. It takes the steps of arrangement
        ``"apart"``, readouts, errors and sums over trials x time; what is kept on chip stays float32.

    Raises
    ------
    NotOffered
        Where there is no GPU; with `tf32`, where torch cannot use it.
    ValueRefused
        If there is no such arrangement.
    """

    dtype = np.float32
    tolerance = 1e-4
    offers, needs = frozenset({"trial", "step"}), frozenset({"gpu"})

    def __init__(self, arrangement: str | None = None, tf32: bool = False) -> None:
        if arrangement not in (None, *WAYS):
            raise ValueRefused(f"arrangement must be {', '.join(WAYS)} or None, got {arrangement!r}")
        expect_gpu()
        self._own, self._tf32 = _Own(arrangement, tf32), tf32
        if tf32:
            self.tolerance = ROUNDED

    @property
    def _bench(self) -> Bench:
        return self._own.bench

    @property
    def settings(self) -> dict[str, Any]:
        """What was requested, if anything was."""
        requested = {"arrangement": self._bench.requested, "tf32": self._tf32}
        return {name: value for name, value in requested.items() if value}

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        return passes.forward(self._bench, network, self._bench.sent(weights), sent(self._bench.memory, stimulus)).activity()

    def change(
        self,
        network: Network,
        weights: Weights,
        stimulus: Stimulus,
        activity: Activity,
        error: np.ndarray,
        rule: AbstractRule,
        feedback: AbstractFeedback,
    ) -> Weights:
        """By the reverse scan."""
        queued, errors = passes.Queued.behind(activity), self._bench.memory.there("error", error)
        return weights.like(passes.change(self._bench, network, queued, errors, rule, feedback).vector.copy_to_host())

    def error(self, readout: np.ndarray, stimulus: Stimulus, loss: AbstractLoss) -> Any:
        """Where the GPU can, there, by the same machine code as in a chunk; it stays there, as good as an array."""
        if kernel_of(loss) is None:
            return super().error(readout, stimulus, loss)
        given = {"readout": readout, "targets": stimulus.targets, "share": stimulus.loss_weight}
        return OnDevice(error_of(self._bench, loss, *(self._bench.memory.upload(name, each) for name, each in given.items())))

    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> Activity:
        """As the contract says."""
        del optimiser_state  # plain gradient descent remembers nothing
        there = self._bench.sent(weights)
        activity = online(
            self._bench,
            network,
            there,
            stimulus,
            update_settings,
            Learnt(self._bench.memory.upload("each rate", update_settings.rates), 1.0),
        )
        weights.vector[...] = there.vector.copy_to_host()
        return activity

    def expect(self, network: Network, update_settings: UpdateSettings, schedule: str) -> None:
        """At every step: plain gradient descent by a local rule, see `step_updates.expect_fused`; functions that the GPU's compiler knows."""
        expect_compiled(update_settings)
        if schedule == "step":
            expect_fused(network, update_settings)

    def residence(self, network: Network, weights: Weights, update_settings: UpdateSettings) -> AbstractResidence:
        """On the GPU; of a parametrised network on the host, which computes its map in float64, or where weights have optimisers of their own."""
        if network.parametrisation is not None or isinstance(update_settings.optimiser, ByWeight):
            return HostResidence(self, network, weights, update_settings)
        return Resident(self._bench, network, weights, update_settings)

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says; while one window is copied and used, the GPU computes the next."""
        benches = [Bench(self._bench.requested, beside(self._tf32))]
        benches.append(Bench(self._bench.requested, benches[0].products))  # one stream, two sets of arrays
        waiting, last, there = None, None, benches[0].sent(weights)
        for k, stimulus in enumerate(stimuli):
            queued = passes.forward(benches[k % 2], network, there, sent(benches[k % 2].memory, stimulus, last))
            ready = cuda.event()
            ready.record(benches[k % 2].stream)
            if waiting is not None:
                yield waiting[0].activity(waiting[1])
            waiting, last = (queued, ready), queued.states[-1]
        if waiting is not None:
            yield waiting[0].activity(waiting[1])
