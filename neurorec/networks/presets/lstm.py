"""LSTM."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.network import Network
from neurorec.networks.presets import _draws
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class LSTM(AbstractPreset):
    """LSTM, begun as Nguyen (2020, arXiv 2006.06919) begins it: the control beside `momentum_lstm` and others."""

    training = _draws.LSTM_TRAINING

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Without a filter."""
        return _draws.lstm(inputs, units, outputs, dt, seed, None, {})
