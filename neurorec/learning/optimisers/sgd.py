"""Plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.learning.optimisers.base import AbstractOptimiser, Real


@dataclass(frozen=True)
class SGD(AbstractOptimiser):
    """Weights move by rate times change: what a synapse can do (Murray 2019)."""

    @staticmethod
    def step(weight: Real, change: Real, slots: np.ndarray, rate: Real, count: int, settings: tuple) -> Real:
        """eta dW."""
        return rate * change
