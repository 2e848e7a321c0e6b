"""Tasks with finitely many trials: pictures, texts, recordings, arrays of the user's."""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import numpy as np

from neurorec.arrays import whole
from neurorec.discovery import load
from neurorec.random_numbers.seeds import ORDER, entropy, generator
from neurorec.tasks.base.scores import variance_explained
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials


class AbstractCollection(AbstractTask):
    """A task whose trials are a collection: shown in passes, each of which has every trial once, in a new order.

    ``task.trials(task.count)`` has every one of them once, so a test set is measured as a whole.

    Attributes
    ----------
    count : int
        Number of trials in the collection.
    """

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of trials in the collection."""

    @abstractmethod
    def item(self, number: int) -> Trial:
        """One of them, by its number from 0 to `count` - 1."""

    def trial(self, rng: np.random.Generator) -> Trial:
        """One of them, at random."""
        return self.item(int(rng.integers(self.count)))

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """Number `first` to `first + n - 1` of the shuffled passes through the collection."""
        return self._stacked([self.item(int(number)) for number in passes(self.count, n, seed, first)])


@final
class Dataset(AbstractCollection):
    """Trials of the user's own as a task.

    Parameters
    ----------
    data : Trials
    """

    def __init__(self, data: Trials):
        self.data, self.dt, self.loss, self.output_channels = data, data.dt, data.loss, data.channels
        self.n_inputs, self.n_outputs = data.inputs.shape[2], data.targets.shape[2]

    @property
    def count(self) -> int:
        """Number of trials in the data."""
        return self.data.count

    def item(self, number: int) -> Trial:
        """One of them, by its number."""
        one = self.data.take(np.array([number]))
        return Trial(one.inputs[:, 0], one.targets[:, 0], one.mask[:, 0], {name: value[0] for name, value in one.conditions.items()})

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """Number `first` to `first + n - 1` of the shuffled passes through the data."""
        return self.data.take(passes(self.count, n, seed, first))

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Share of variance explained, or of steps classified right."""
        if not load("losses", trials.loss).classes:
            return variance_explained(outputs, trials)
        right = outputs.argmax(axis=2) == trials.targets.argmax(axis=2)
        return (trials.mask * right).sum(axis=0) / trials.mask.sum(axis=0)


def passes(count: int, n: int, seed: int | None = 0, first: int = 0) -> np.ndarray:
    """Which of `count` trials are number `first` to `first + n - 1` of the shuffled passes, (n,): each pass has all of them, in its own order."""
    root, numbers = entropy(seed), np.arange(first, first + whole("n", n))
    orders = {epoch: generator(root, ORDER, int(epoch)).permutation(count) for epoch in np.unique(numbers // count)}
    return np.array([orders[number // count][number % count] for number in numbers])
