"""Scaled Cayley unitary network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, glorot, uniform
from neurorec.networks.presets.base import AbstractPreset

ONSETS = ("onset_u_re", "onset_u_im")
OTHERS = ("input", "readout", "b", *ONSETS)


@dataclass(frozen=True)
class ScuRNN(AbstractPreset):
    """Scaled Cayley unitary network (Maduranga 2019, arXiv 1811.04142): complex modrelu units, parametrisation `unitary_cayley`.

    The initial state h(0) is trained, as the drive W h(0) that it is at the first step (filter `onset`). A, the phases theta and all
    other weights have an optimiser each; where the paper copies, theta moves at 1e-4.
    """

    training = {
        "rule": "bptt", "optimiser": {"skew": "rmsprop", "theta": "adagrad", **dict.fromkeys(OTHERS, "adam")},
        "rate": {"skew": 1e-4, "theta": 1e-3, **dict.fromkeys(OTHERS, 1e-3)},
    }  # fmt: skip

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Input and readout Glorot's, b and the initial state U(-0.01, 0.01)."""
        net = Network.random(
            inputs, units, outputs, cell="complex_modrelu", dt=dt, seed=seed, parametrisation="unitary_cayley", filter="onset",
            plastic=("recurrent", *OTHERS),
        )  # fmt: skip
        rng = draws(seed)
        changed = {"input": glorot(rng, net.input), "readout": glorot(rng, net.readout)}
        begin = net.recurrent @ uniform(rng, 0.01, np.empty(2 * units))
        b = uniform(rng, 0.01, np.empty(units))
        return net.replace(**changed, parameters={"b": b, **dict(zip(ONSETS, begin.reshape(2, units), strict=True))})
