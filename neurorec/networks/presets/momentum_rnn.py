"""Momentum RNN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import LSTM_TRAINING, draws, orthonormal, uniform
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class MomentumRNN(AbstractPreset):
    """MomentumRNN (Nguyen 2020, arXiv 2006.06919): tanh units, filter `momentum`; begun as their LSTMs are.

    Parameters
    ----------
    mu, s : float
        Momentum and step size.
    """

    mu: float = 0.6
    s: float = 0.6
    training = LSTM_TRAINING

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Orthonormal input, identity recurrent weights, no bias."""
        parameters = {"mu": self.mu, "s": self.s}
        net = Network.random(inputs, units, outputs, cell="tanh", dt=dt, seed=seed, filter="momentum", parameters=parameters)
        rng = draws(seed)
        readout = uniform(rng, 1 / np.sqrt(units), net.readout)
        return net.replace(recurrent=np.eye(units), input=orthonormal(rng, net.input), readout=readout)
