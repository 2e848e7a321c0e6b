"""The GPU engine: compiled time loops in float32, by Numba's CUDA target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numba import cuda

from neurorec.engines.base import AbstractEngine, Activity, Memory, Route, Stimulus, Teaching
from neurorec.engines.cuda import passes
from neurorec.engines.cuda.device import expect_gpu
from neurorec.engines.cuda.products import beside, products
from neurorec.engines.cuda.sizes import WAYS
from neurorec.engines.cuda.step_updates import expect_fused, online
from neurorec.errors import ValueRefused
from neurorec.network import Network
from neurorec.weights import Weights


class CudaEngine(AbstractEngine):
    """On an NVIDIA GPU what `numba` does on the CPU, in float32, with the time loop inside the kernel.

    Parameters
    ----------
    arrangement : str, optional
        ``"on_chip"``, ``"across_chip"`` or ``"apart"``; None: what `neurorec.engines.cuda.sizes.chosen` says.

    Raises
    ------
    NotOffered
        Where there is no GPU.
    ValueRefused
        If there is no such arrangement.
    """

    dtype = np.float32
    tolerance = 1e-4
    offers = frozenset({"trial", "step"})

    def __init__(self, arrangement: str | None = None) -> None:
        if arrangement not in (None, *WAYS):
            raise ValueRefused(f"arrangement must be {', '.join(WAYS)} or None, got {arrangement!r}")
        expect_gpu()
        self._bench = passes.Bench(arrangement, products())

    @property
    def settings(self) -> dict[str, Any]:
        """The arrangement that was asked for, if one was."""
        return {} if self._bench.asked is None else {"arrangement": self._bench.asked}

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        return passes.forward(self._bench, network, weights, stimulus).activity()

    def change(
        self, network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, route: Route
    ) -> Weights:
        """By the reverse scan."""
        return passes.change(self._bench, network, weights, stimulus, activity, error, route)

    def online(self, network: Network, weights: Weights, stimulus: Stimulus, memory: Memory, teaching: Teaching) -> Activity:
        """As the contract says."""
        del memory  # plain gradient descent remembers nothing
        return online(self._bench, network, weights, stimulus, teaching)

    def expect(self, network: Network, teaching: Teaching, schedule: str) -> None:
        """At every step: plain gradient descent by a local rule; see `step_updates.expect_fused`."""
        if schedule == "step":
            expect_fused(network, teaching)

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says; while one window is copied and used, the GPU computes the next."""
        benches = [passes.Bench(self._bench.asked, beside())]
        benches.append(passes.Bench(self._bench.asked, benches[0].products))  # one stream, two sets of arrays
        waiting, last = None, None
        for k, stimulus in enumerate(stimuli):
            queued = passes.forward(benches[k % 2], network, weights, stimulus, last)
            ready = cuda.event()
            ready.record(benches[k % 2].stream)
            if waiting is not None:
                yield waiting[0].activity(waiting[1])
            waiting, last = (queued, ready), queued.states[-1]
        if waiting is not None:
            yield waiting[0].activity(waiting[1])
