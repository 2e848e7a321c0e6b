"""Scaled Cayley unitary network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, glorot, uniform
from neurorec.networks.presets.base import AbstractPreset

ONSETS = ("onset_u_re", "onset_u_im")


@dataclass(frozen=True)
class ScuRNN(AbstractPreset):
    """Scaled Cayley unitary network (Maduranga 2019, arXiv 1811.04142): complex modrelu units, parametrisation `unitary_cayley`.

    The initial state h(0) is trained, as the drive W h(0) that it is at the first step (filter `onset`). The paper moves the three groups of
    weights by three optimisers, theta at 1e-4 where it copies.
    """

    training = {
        "rule": "bptt", "optimiser": "rmsprop", "rate": {"skew": 1e-4, **dict.fromkeys(("theta", "input", "readout", "b", *ONSETS), 1e-3)},
    }  # fmt: skip

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Input and readout Glorot's, b and the initial state U(-0.01, 0.01)."""
        net = Network.random(
            inputs, units, outputs, cell="complex_modrelu", dt=dt, seed=seed, parametrisation="unitary_cayley", filter="onset",
            plastic=("recurrent", "input", "readout", "b", *ONSETS),
        )  # fmt: skip
        rng = draws(seed)
        changed = {"input": glorot(rng, net.input), "readout": glorot(rng, net.readout)}
        begin = net.recurrent @ uniform(rng, 0.01, np.empty(2 * units))
        b = uniform(rng, 0.01, np.empty(units))
        return net.replace(**changed, parameters={"b": b, **dict(zip(ONSETS, begin.reshape(2, units), strict=True))})
