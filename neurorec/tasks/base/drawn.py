"""Tasks whose trials are drawn one by one and made all at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurorec.arrays import whole
from neurorec.random_numbers.seeds import TASK, entropy, generators
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials


class AbstractDrawn(AbstractTask):
    """A task that says apart what is random about a trial, and what follows from it.

    Trial k is drawn from a generator of its own, so that it is the same whatever else is drawn; arrays are then computed for all trials
    together, which for a short trial takes a fraction of the time.
    """

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> tuple[Any, ...]:
        """What is random about one trial, drawn from `rng` and nothing else."""

    @abstractmethod
    def made(self, draws: Sequence[tuple[Any, ...]]) -> Trials:
        """The trials that were drawn."""

    def trial(self, rng: np.random.Generator) -> Trial:
        """One trial drawn from `rng`."""
        one = self.made([self.draw(rng)])
        return Trial(one.inputs[:, 0], one.targets[:, 0], one.mask[:, 0], {name: value[0] for name, value in one.conditions.items()})

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """Trials number `first` to `first + n - 1` of a seed."""
        return self.made([self.draw(rng) for rng in generators(entropy(seed), TASK, first, whole("n", n))])

    def _trials(self, inputs: np.ndarray, targets: np.ndarray, mask: Any, **conditions: Any) -> Trials:
        return Trials(inputs, targets, mask, conditions, self.dt, self.loss, self.output_channels)
