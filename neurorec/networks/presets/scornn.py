"""Scaled Cayley orthogonal network."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.parametrisations.cayley import Cayley
from neurorec.networks.presets._draws import draws, glorot, uniform
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class ScoRNN(AbstractPreset):
    """Scaled Cayley orthogonal network (Helfrich 2018, arXiv 1707.09520): modrelu units, parametrisation `cayley`.

    Parameters
    ----------
    negative : int, optional
        How many entries of D are -1. None: half of them.
    """

    negative: int | None = None
    training = {"rule": "bptt", "optimiser": "rmsprop", "rate": {"skew": 1e-4, "input": 1e-3, "readout": 1e-3, "b": 1e-3}}

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Input U(-0.01, 0.01), readout Glorot's, b zero."""
        net = Network.random(inputs, units, outputs, cell="modrelu", dt=dt, seed=seed, parametrisation=Cayley(self.negative))
        rng = draws(seed)
        return net.replace(input=uniform(rng, 0.01, net.input), readout=glorot(rng, net.readout))
