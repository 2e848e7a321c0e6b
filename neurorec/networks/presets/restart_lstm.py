"""LSTM with Nesterov momentum and scheduled restart."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import LSTM_TRAINING, lstm
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class RestartLSTM(AbstractPreset):
    """SRLSTM (Nguyen 2020, arXiv 2006.06919), by the paper's equation.

    Parameters
    ----------
    s : float
        Step size.
    period : int
        Steps until momentum starts again.
    """

    s: float = 1.0
    period: int = 2
    training = LSTM_TRAINING

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """The paper's LSTM, its input filtered."""
        return lstm(inputs, units, outputs, dt, seed, "restart", {"s": self.s, "period": self.period})
