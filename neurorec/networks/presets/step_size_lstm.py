"""LSTM with a step size only."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import LSTM_TRAINING, lstm
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class StepSizeLSTM(AbstractPreset):
    """LSTM whose input is scaled: the control that tells the step size of `momentum_lstm` from its momentum.

    Parameters
    ----------
    s : float
        Step size.
    """

    s: float = 0.6
    training = LSTM_TRAINING

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """The paper's LSTM, its input filtered."""
        return lstm(inputs, units, outputs, dt, seed, "step_size", {"s": self.s})
