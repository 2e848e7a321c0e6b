"""RMSProp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import number, positive
from neurorec.learning.optimisers.base import AbstractOptimiser, Real


@dataclass(frozen=True)
class RMSProp(AbstractOptimiser):
    """RMSProp (Tieleman and Hinton 2012, lecture 6.5), as ``torch.optim.RMSprop`` computes it.

    Parameters
    ----------
    memory : float
        Of the mean square change, per update.
    epsilon : float
        Added to its root.

    Raises
    ------
    ValueRefused
        If the memory is not from 0 to below 1, or epsilon not positive.
    """

    memory: float = 0.9
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("square",)
    usual_rate: ClassVar[float] = 0.001

    def __post_init__(self) -> None:
        number("memory", self.memory, 0, 1)
        positive("epsilon", self.epsilon)

    @staticmethod
    def step(weight: Real, change: Real, slots: np.ndarray, rate: Real, count: int, settings: tuple) -> Real:
        """eta dW / (sqrt(v) + epsilon)."""
        memory, epsilon = settings
        slots[0] = memory * slots[0] + (1 - memory) * change * change
        return rate * change / (np.sqrt(slots[0]) + epsilon)
