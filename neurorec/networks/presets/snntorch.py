"""Leaky units as snnTorch has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, uniform
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class SNNTorch(AbstractPreset):
    """snnTorch's ``RLeaky(all_to_all=True)`` behind a ``Linear``, with its default surrogate ``atan`` (Eshraghian et al. 2023, arXiv 2109.12894).

    U(t) = beta U(t-1) + W S(t-1) + input - threshold S(t-1): nothing scales the input, the reset is a step late, undecayed, and stops the gradient.
    A spike is U > threshold there, U >= threshold here. ``reset_mechanism="zero"`` is the cell `lif_hard_reset`; ``Synaptic`` the
    filter `exponential_synapse`, with tau_syn = -dt / log(alpha).

    Parameters
    ----------
    beta : float
        Decay of the potential in a step.
    threshold : float
        In units of the potential.
    alpha : float
        Steepness of the surrogate.
    """

    beta: float = 0.9
    threshold: float = 1.0
    alpha: float = 2.0
    training = {"rule": "bptt", "optimiser": "adam", "rate": 5e-3}
    dt = 0.001

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """All weights and the bias uniform as ``torch.nn.Linear`` draws them."""
        parameters = {
            "tau_m": -dt / np.log(self.beta), "threshold": self.threshold, "gamma": self.alpha / 2 * self.threshold,
            "width": 2 / (np.pi * self.alpha * self.threshold),
        }  # fmt: skip
        net = Network.random(inputs, units, outputs, cell="lif", dt=dt, seed=seed, parameters=parameters, surrogate="arctan")
        rng, converge = draws(seed), {"recurrent": units, "input": max(inputs, 1), "bias": max(inputs, 1), "readout": units}
        return net.replace(**{name: uniform(rng, 1 / np.sqrt(n), getattr(net, name)) for name, n in converge.items()}, plastic=LEARNS)


LEARNS = ("recurrent", "input", "bias", "readout")
