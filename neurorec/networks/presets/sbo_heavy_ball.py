"""Stochastic bilevel recurrent network with heavy-ball momentum."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.presets.base import AbstractPreset
from neurorec.networks.presets.sbo import SBO


@dataclass(frozen=True)
class SBOHeavyBall(AbstractPreset):
    """SBO-RNN with heavy-ball momentum (Zhang 2021, NeurIPS), dense.

    Parameters
    ----------
    rank, eta
        As for `sbo`.
    mu : float
        Momentum at first; learnt.
    """

    rank: int | None = 16
    eta: float = 1e-3
    mu: float = 0.5
    training = SBO.training

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> ModuleNetwork:
        """All weights U(-1, 1) / sqrt(units)."""
        settings = {"rank": self.rank, "eta": self.eta, "mu": self.mu}
        return ModuleNetwork.random("sbo_heavy_ball", inputs, units, outputs, dt, settings, seed)
