"""Stochastic bilevel recurrent network, by Nesterov's accelerated gradient."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from neurorec.arrays import positive
from neurorec.networks.architectures._lower_level import LowerLevel
from neurorec.networks.architectures.base import AbstractArchitecture


class SBONesterov(AbstractArchitecture):
    """SBO-RNN (Zhang 2021, NeurIPS) with Nesterov's momentum: ``d' = h - eta dF/dh``, ``h <- d' + mu (d' - d)``; F as for `sbo`.

    Parameters
    ----------
    inputs, units, rank, eta
        As for `sbo`.
    mu : float
        Momentum at first; learnt.
    """

    states = ("h", "d")

    def __init__(self, inputs: int, units: int, rank: int | None = 16, eta: float = 1e-3, mu: float = 0.5) -> None:
        super().__init__()
        self.lower, self.eta = LowerLevel(inputs, units, rank), positive("eta", eta)
        self.mu = torch.nn.Parameter(torch.tensor(float(mu)))

    def initial(self, batch: int) -> Sequence[torch.Tensor]:
        """Zeros."""
        return self.lower.zeros(batch), self.lower.zeros(batch)

    def step(self, x: torch.Tensor, state: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """h and d, one step later."""
        h, before = state
        descended = h - self.eta * self.lower.gradient(h, x)
        return descended + self.mu * (descended - before), descended
