"""Stochastic bilevel recurrent network, by Polyak's heavy ball."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from neurorec.arrays import positive
from neurorec.networks.architectures._lower_level import LowerLevel
from neurorec.networks.architectures.base import AbstractArchitecture


class SBOHeavyBall(AbstractArchitecture):
    """SBO-RNN (Zhang 2021, NeurIPS) with momentum: ``v <- mu v - eta dF/dh``, ``h <- h + v``; F as for `sbo`.

    Parameters
    ----------
    inputs, units, rank, eta
        As for `sbo`.
    mu : float
        Momentum at first; learnt.
    """

    states = ("h", "v")

    def __init__(self, inputs: int, units: int, rank: int | None = 16, eta: float = 1e-3, mu: float = 0.5) -> None:
        super().__init__()
        self.lower, self.eta = LowerLevel(inputs, units, rank), positive("eta", eta)
        self.mu = torch.nn.Parameter(torch.tensor(float(mu)))

    def initial(self, batch: int) -> Sequence[torch.Tensor]:
        """Zeros."""
        return self.lower.zeros(batch), self.lower.zeros(batch)

    def step(self, x: torch.Tensor, state: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """h and v, one step later."""
        h, v = state
        v = self.mu * v - self.eta * self.lower.gradient(h, x)
        return h + v, v
