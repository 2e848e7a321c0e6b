"""LSTM with momentum."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import LSTM_TRAINING, lstm
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class MomentumLSTM(AbstractPreset):
    """MomentumLSTM (Nguyen 2020, arXiv 2006.06919).

    Parameters
    ----------
    mu, s : float
        Momentum and step size.
    """

    mu: float = 0.6
    s: float = 0.6
    training = LSTM_TRAINING

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """The paper's LSTM, its input filtered."""
        return lstm(inputs, units, outputs, dt, seed, "momentum", {"mu": self.mu, "s": self.s})
