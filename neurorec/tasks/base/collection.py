"""Tasks with finitely many trials: pictures, texts, recordings."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from neurorec.tasks.base.dataset import passes
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials


class AbstractCollection(AbstractTask):
    """A task whose trials are a collection, shown in a new order every time all have been.

    ``task.trials(task.count)`` has every one of them once, so a test set is measured as a whole.

    Attributes
    ----------
    count : int
        How many there are.
    """

    @property
    @abstractmethod
    def count(self) -> int:
        """How many trials there are."""

    @abstractmethod
    def item(self, number: int) -> Trial:
        """One of them, by its number from 0 to `count` - 1."""

    def trial(self, rng: np.random.Generator) -> Trial:
        """One of them, at random."""
        return self.item(int(rng.integers(self.count)))

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """Number `first` to `first + n - 1` of the shuffled passes through the collection."""
        return self._together([self.item(int(number)) for number in passes(self.count, n, seed, first)])
