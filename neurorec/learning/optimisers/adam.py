"""Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import number, positive
from neurorec.learning.optimisers.base import AbstractOptimiser, Real


@dataclass(frozen=True)
class Adam(AbstractOptimiser):
    """Adam (Kingma and Ba 2015, arXiv 1412.6980), with bias correction.

    Parameters
    ----------
    beta1, beta2 : float
        Memory of the mean change and of its square, in updates.
    epsilon : float
        Added to the root of the square.

    Raises
    ------
    ValueRefused
        If a memory is not from 0 to below 1, or epsilon not positive.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("mean", "square")
    usual_rate: ClassVar[float] = 0.003

    def __post_init__(self) -> None:
        for name in ("beta1", "beta2"):
            number(name, getattr(self, name), 0, 1)
        positive("epsilon", self.epsilon)

    @staticmethod
    def step(weight: Real, change: Real, slots: np.ndarray, rate: Real, count: int, settings: tuple) -> Real:
        """eta m / (sqrt(v) + epsilon), m and v corrected for their start at zero."""
        beta1, beta2, epsilon = settings
        slots[0] = beta1 * slots[0] + (1 - beta1) * change
        slots[1] = beta2 * slots[1] + (1 - beta2) * change * change
        root = np.sqrt(slots[1] / (1 - beta2**count)) + epsilon
        return rate * (slots[0] / (1 - beta1**count)) / root
