"""The loss of each trial, and the error that every step of it sends back."""

from __future__ import annotations

import numpy as np

from neurorec.discovery import shared
from neurorec.learning.error import error_sent_back
from neurorec.learning.losses.base import AbstractLoss
from neurorec.tasks.base.trials import Trials


def losses(readout: np.ndarray, trials: Trials, loss: AbstractLoss | None = None) -> np.ndarray:
    """Loss of each trial, (B,); None: by the trials' own."""
    steps, count, outputs = readout.shape
    each = (loss or shared("losses", trials.loss)).value(
        readout.reshape(-1, outputs), trials.targets.reshape(-1, outputs).astype(readout.dtype)
    )
    return (each.reshape(steps, count) * trials.weight * count).sum(axis=0)


def weighted_error(readout: np.ndarray, trials: Trials, loss: AbstractLoss | None = None) -> np.ndarray:
    """Minus dL/dy, (T, B, O), in the readout's float type; None: of the trials' own loss."""
    targets, weight = (each.astype(readout.dtype) for each in (trials.targets, trials.weight))
    return error_sent_back(readout, targets, weight, loss or shared("losses", trials.loss))
