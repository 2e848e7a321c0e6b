"""Eigenvalue-normalised network."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.parametrisations.eigenvalue_normalised import EigenvalueNormalised
from neurorec.networks.presets._draws import draws, glorot, uniform
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class ENRNN(AbstractPreset):
    """Eigenvalue-normalised network (Helfrich and Ye 2020, arXiv 1911.07964): modrelu units with a long- and a short-term block.

    Parameters
    ----------
    short : int, optional
        Units of the short-term block. None: an eighth.
    negative : int, optional
        How many entries of D of the long-term block are -1. None: three in ten.
    """

    short: int | None = None
    negative: int | None = None
    training = {
        "rule": "bptt", "optimiser": "rmsprop",
        "rate": {"skew": 1e-4, "coupling": 1e-3, "short": 1e-3, "input": 1e-3, "readout": 1e-3, "b": 1e-3},
    }  # fmt: skip

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Input U(-0.01, 0.01), readout Glorot's, b zero."""
        law = EigenvalueNormalised(self.short, self.negative)
        net, rng = Network.random(inputs, units, outputs, cell="modrelu", dt=dt, seed=seed, parametrisation=law), draws(seed)
        return net.replace(input=uniform(rng, 0.01, net.input), readout=glorot(rng, net.readout))
