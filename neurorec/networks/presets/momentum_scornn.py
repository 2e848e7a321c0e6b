"""Momentum on an orthogonal network."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.presets.base import AbstractPreset
from neurorec.networks.presets.scornn import ScoRNN


@dataclass(frozen=True)
class MomentumScoRNN(AbstractPreset):
    """Momentum on an orthogonal network, as MomentumDTRIV (Nguyen 2020, arXiv 2006.06919) has it, on `scornn`.

    Parameters
    ----------
    mu, s : float
        Momentum and step size.
    negative : int, optional
        As for `scornn`.
    """

    mu: float = 0.6
    s: float = 0.9
    negative: int | None = None
    training = ScoRNN.training

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """The same weights as `scornn`."""
        net = ScoRNN(self.negative).network(inputs, units, outputs, dt, seed)
        return net.replace(filter="momentum", initial=None, parameters={**net.parameters, "mu": self.mu, "s": self.s})
