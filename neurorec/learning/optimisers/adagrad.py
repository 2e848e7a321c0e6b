"""Adagrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive
from neurorec.learning.optimisers.base import AbstractOptimiser, Real


@dataclass(frozen=True)
class Adagrad(AbstractOptimiser):
    """Adagrad (Duchi, Hazan and Singer 2011, JMLR 12:2121), as ``torch.optim.Adagrad`` computes it: what has moved much moves less.

    Parameters
    ----------
    epsilon : float
        Added to the root of the sum of squares.

    Raises
    ------
    ValueRefused
        If epsilon is not positive.
    """

    epsilon: float = 1e-10
    slots: ClassVar[tuple[str, ...]] = ("squares",)
    usual_rate: ClassVar[float] = 0.01

    def __post_init__(self) -> None:
        positive("epsilon", self.epsilon)

    @staticmethod
    def step(weight: Real, change: Real, slots: np.ndarray, rate: Real, count: int, settings: tuple) -> Real:
        """eta dW / (sqrt(sum of dW^2) + epsilon)."""
        (epsilon,) = settings
        slots[0] = slots[0] + change * change
        return rate * change / (np.sqrt(slots[0]) + epsilon)
