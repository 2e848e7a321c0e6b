"""The error that every step of some trials sends back."""

from __future__ import annotations

import numpy as np

from neurorec.learning.losses.base import AbstractLoss


def error_sent_back(readout: np.ndarray, targets: np.ndarray, weight: np.ndarray, loss: AbstractLoss) -> np.ndarray:
    """Minus dL/dy, (T, B, O), of targets (T, B, O) and each step's share of the loss, (T, B), in the readout's float type."""
    outputs = readout.shape[2]
    error = loss.error(readout.reshape(-1, outputs), targets.reshape(-1, outputs))
    return error.reshape(readout.shape) * weight[..., None]
