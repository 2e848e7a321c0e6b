"""Tanh network that is orthogonal at the start only."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, glorot, orthonormal
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class OrthogonalTanh(AbstractPreset):
    """Plain tanh network whose recurrent weights begin orthogonal (Saxe 2014, arXiv 1312.6120) and are then free: a control."""

    training = {"rule": "bptt", "optimiser": "rmsprop", "rate": 1e-3, "clip": 1.0}

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Input and readout Glorot's."""
        net, rng = Network.random(inputs, units, outputs, cell="tanh", dt=dt, seed=seed), draws(seed)
        return net.replace(
            recurrent=orthonormal(rng, net.recurrent), input=glorot(rng, net.input), readout=glorot(rng, net.readout)
        )  # fmt: skip
