"""LSTM with RMSProp on its input."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import LSTM_TRAINING, lstm
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class RMSPropLSTM(AbstractPreset):
    """RMSPropLSTM (Nguyen 2020, arXiv 2006.06919).

    Parameters
    ----------
    s, beta : float
        Step size, memory of the mean square.
    """

    s: float = 0.6
    beta: float = 0.9
    training = LSTM_TRAINING

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """The paper's LSTM, its input filtered."""
        return lstm(inputs, units, outputs, dt, seed, "rmsprop", {"s": self.s, "beta": self.beta})
