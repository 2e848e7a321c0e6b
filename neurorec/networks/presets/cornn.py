"""Network of `cornn` units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, uniform
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class CoRNN(AbstractPreset):
    """Coupled oscillators (Rusch and Mishra 2021, arXiv 2010.00951).

    Parameters
    ----------
    step : float
        The paper's time step: what one ``dt`` is in the oscillators' time.
    gamma, epsilon : float
        Stiffness and damping.
    """

    step: float = 0.042
    gamma: float = 2.7
    epsilon: float = 4.7
    training = {"rule": "bptt", "optimiser": "adam", "rate": 1e-3}

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """All weights uniform as ``torch.nn.Linear`` draws them."""
        parameters = {"tau": dt / self.step, "gamma": self.gamma, "epsilon": self.epsilon}
        net, rng = Network.random(inputs, units, outputs, cell="cornn", dt=dt, seed=seed, parameters=parameters), draws(seed)
        drawn = {
            name: uniform(rng, 1 / np.sqrt(2 * units + inputs), getattr(net, name)) for name in ("recurrent", "input", "bias", "readout")
        }
        return net.replace(**drawn)
