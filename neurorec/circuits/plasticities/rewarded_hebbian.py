"""The paper's plasticity of the loop: what was chosen and right is strengthened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurorec.arrays import positive
from neurorec.circuits.plasticities.base import AbstractPlasticity


@final
@dataclass(frozen=True)
class RewardedHebbian(AbstractPlasticity):
    """dWs = rate R onehot(winner) c, with R = 1 where the transition was right, else 0 (Murray 2019, Methods).

    The postsynaptic activity is that after the competition, not before it: the drive before would strengthen whatever was strong
    already, not what was chosen and rewarded. The rule only lets weights grow, so their length (norm) a unit is bounded.

    Parameters
    ----------
    rate : float
    bound : float
        Largest length of a unit's weights.
    """

    rate: float = 0.1
    bound: float = 1.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        positive("rate", self.rate)
        positive("bound", self.bound)

    def change(self, weights: np.ndarray, winner: int, cells: np.ndarray, right: bool) -> None:
        """Nothing where it was wrong."""
        row = weights[winner]
        row += self.rate * right * cells
        length = float(np.linalg.norm(row))
        if length > self.bound:
            row *= self.bound / length
