"""Plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.learning.optimisers.base import AbstractOptimiser


@dataclass(frozen=True)
class SGD(AbstractOptimiser):
    """Weights move by rate times change: what a synapse can do (Murray 2019)."""

    @staticmethod
    def step(weights: np.ndarray, change: np.ndarray, slots: np.ndarray, rates: np.ndarray, count: int, settings: tuple) -> None:
        """W <- W + eta dW."""
        weights += rates * change
