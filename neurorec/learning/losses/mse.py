"""Squared error."""

from __future__ import annotations

import numpy as np

from neurorec.learning.losses.base import AbstractLoss


class MSE(AbstractLoss):
    """Half the squared error, summed over outputs (Murray 2019, Eq 2)."""

    link, unit = "identity", "half squared error"

    @staticmethod
    def value(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """1/2 sum_k (target_k - y_k)^2."""
        return ((targets - outputs) ** 2).sum(axis=1) / 2

    @staticmethod
    def error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """epsilon = target - y."""
        return targets - outputs
