"""The GPU engine: compiled time loops in float32, by Numba's CUDA target."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, Memory, Route, Stimulus, Teaching
from neurorec.engines.cuda import passes
from neurorec.engines.cuda.device import expect_gpu
from neurorec.engines.cuda.sizes import WAYS
from neurorec.engines.cuda.step_updates import expect_fused, online
from neurorec.errors import ValueRefused
from neurorec.network import Network
from neurorec.weights import Weights


class CudaEngine(AbstractEngine):
    """Trial and batch updates of local rules and BPTT by one reverse scan and one product over trials x time.

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
        self._bench = passes.Bench(arrangement)

    @property
    def settings(self) -> dict[str, Any]:
        """The arrangement that was asked for, if one was."""
        return {} if self._bench.asked is None else {"arrangement": self._bench.asked}

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        return passes.forward(self._bench, network, weights, stimulus)

    def change(
        self, network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, route: Route
    ) -> Weights:
        """By the reverse scan."""
        return passes.change(self._bench, network, weights, stimulus, activity, error, route)

    def online(self, network: Network, weights: Weights, stimulus: Stimulus, memory: Memory, teaching: Teaching) -> Activity:
        """As the contract says."""
        del memory  # plain gradient descent remembers nothing
        expect_fused(network, teaching)
        return online(self._bench, network, weights, stimulus, teaching)
