"""Orthogonal network by the exponential map: the control beside scoRNN."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.parametrisations.orthogonal import Orthogonal as ByExponential
from neurorec.networks.presets._draws import draws, glorot, uniform
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class Orthogonal(AbstractPreset):
    """Orthogonal network by the exponential map (expRNN: Lezcano-Casado 2019, arXiv 1901.08428), begun exactly as `scornn`.

    Parameters
    ----------
    negative : int, optional
        As for `scornn`.
    """

    negative: int | None = None
    training = {"rule": "bptt", "optimiser": "rmsprop", "rate": {"skew": 1e-4, "input": 1e-3, "readout": 1e-3, "b": 1e-3}}

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """As `scornn`: the same weights for the same seed."""
        net = Network.random(inputs, units, outputs, cell="modrelu", dt=dt, seed=seed, parametrisation=ByExponential(self.negative))
        rng = draws(seed)
        return net.replace(input=uniform(rng, 0.01, net.input), readout=glorot(rng, net.readout))
