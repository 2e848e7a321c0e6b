"""An optimiser and a feedback of a user's own, with settings: laws of single numbers at the top of a module, as the GPU takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.optimisers.base import AbstractOptimiser


@dataclass(frozen=True)
class HeavyBall(AbstractOptimiser):
    beta: float = 0.5
    slots = ("velocity",)

    @staticmethod
    def step(weight, change, slots, rate, count, settings):
        slots[0] = settings[0] * slots[0] + np.sign(change) * np.sqrt(np.abs(change))
        return rate * slots[0]


@dataclass(frozen=True)
class Mixed(AbstractFeedback):
    share: float = 0.5

    def element(self, readout, feedback):
        return self.share * readout + (1 - self.share) * feedback
