"""Stochastic bilevel recurrent network."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class SBO(AbstractPreset):
    """SBO-RNN by gradient descent (Zhang 2021, NeurIPS), dense. Its training has the paper's rate without its decay; the clip is ours.

    Parameters
    ----------
    rank : int, optional
        Of W - I; the paper has 50 with 128 units. None: sparse.
    eta : float
        Step size.
    """

    rank: int | None = 16
    eta: float = 1e-3
    training = {"rule": "bptt", "engine": "torch", "optimiser": "adam", "rate": 1e-2, "clip": 1.0}

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> ModuleNetwork:
        """All weights U(-1, 1) / sqrt(units)."""
        settings = {"rank": self.rank, "eta": self.eta}
        return ModuleNetwork.random("sbo", inputs, units, outputs, dt, settings, seed)
