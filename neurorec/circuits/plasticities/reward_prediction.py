"""Plasticity by the error of a prediction: what was chosen and wrong is weakened too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurorec.arrays import positive
from neurorec.circuits.plasticities.base import AbstractPlasticity
from neurorec.errors import ValueRefused


@final
@dataclass(frozen=True)
class RewardPrediction(AbstractPlasticity):
    """dWs = rate (R - z) onehot(winner) c / (c . c): the drive z of the winner becomes the reward that it foretells.

    Dopamine neurons signal this difference (Schultz, Dayan and Montague 1997, doi:10.1126/science.275.5306.1593), and it dips where a
    reward is left out. A choice that was right in another context but is wrong in this one is given up; under `RewardedHebbian` it stays.
    Not from the paper.

    Parameters
    ----------
    rate : float
        From 0 to below 2: the share of the error that one step takes away.
    """

    rate: float = 0.3

    def __post_init__(self) -> None:
        """Check the number."""
        if positive("rate", self.rate) >= 2:
            raise ValueRefused(f"rate must be below 2, got {self.rate}; from there on predictions overshoot ever further")

    def change(self, weights: np.ndarray, winner: int, cells: np.ndarray, right: bool) -> None:
        """Up or down."""
        weights[winner] += self.rate * (right - weights[winner] @ cells) / max(float(cells @ cells), 1e-12) * cells
