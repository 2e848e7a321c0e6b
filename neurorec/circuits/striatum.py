"""The gated winner-take-all readout, and how reward changes its weights."""

from __future__ import annotations

from typing import final

import numpy as np


@final
class Striatum:
    """One unit a syllable, driven by cortical cells when the gate is open: z = Ws c.

    Parameters
    ----------
    weights : (syllables, cells) array
        Ws; changed in place.
    rate : float
        Of learning.
    bound : float
        Largest length of a unit's weights: the rule alone would only ever let them grow.
    """

    def __init__(self, weights: np.ndarray, rate: float, bound: float):
        self.weights, self.rate, self.bound = weights, rate, bound

    def winner(self, cells: np.ndarray, allowed: np.ndarray) -> int:
        """The most strongly driven of the allowed units."""
        return int(np.where(allowed, self.weights @ cells, -np.inf).argmax())

    def reward(self, winner: int, cells: np.ndarray) -> None:
        """dWs = rate R onehot(winner) c, for R = 1 (Murray 2019, Methods); activity after the competition, not before it.

        The drive before the competition would strengthen whatever was strong already, not what was chosen and rewarded.
        """
        row = self.weights[winner]
        row += self.rate * cells
        length = float(np.linalg.norm(row))
        if length > self.bound:
            row *= self.bound / length
