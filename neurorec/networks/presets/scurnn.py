"""Scaled Cayley unitary network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, glorot, uniform
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class ScuRNN(AbstractPreset):
    """Scaled Cayley unitary network (Maduranga 2019, arXiv 1811.04142): complex modrelu units, parametrisation `unitary_cayley`.

    The paper trains the initial state, too, and the three groups of weights by three optimisers.
    """

    training = {
        "rule": "bptt", "optimiser": "rmsprop", "rate": {"skew": 1e-4, "theta": 1e-3, "input": 1e-3, "readout": 1e-3, "b": 1e-3},
    }  # fmt: skip

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Input and readout Glorot's, b and the initial state U(-0.01, 0.01)."""
        net = Network.random(inputs, units, outputs, cell="complex_modrelu", dt=dt, seed=seed, parametrisation="unitary_cayley")
        rng = draws(seed)
        return net.replace(
            input=glorot(rng, net.input), readout=glorot(rng, net.readout), initial=uniform(rng, 0.01, net.initial),
            parameters={"b": uniform(rng, 0.01, np.empty(units))},
        )  # fmt: skip
