"""An optimiser, a feedback and losses of a user's own, most with settings: laws of single numbers at the top of a module, as the GPU takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
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


@dataclass(frozen=True)
class PseudoHuber(AbstractLoss):
    """Squared error that becomes absolute where it is much larger than a width."""

    width: float = 0.5

    def value(self, outputs, targets):
        return (self.width**2 * (np.sqrt(1 + ((targets - outputs) / self.width) ** 2) - 1)).sum(axis=1)

    def error(self, outputs, targets):
        return (targets - outputs) / np.sqrt(1 + ((targets - outputs) / self.width) ** 2)


class Quartic(AbstractLoss):
    """A quarter of the fourth power of the error, whose third power no standard rounds."""

    @staticmethod
    def value(outputs, targets):
        return ((targets - outputs) ** 4).sum(axis=1) / 4

    @staticmethod
    def error(outputs, targets):
        return (targets - outputs) ** 3
