"""Trials of the user's own as a task, and the order in which finitely many trials are shown."""

from __future__ import annotations

import numpy as np

from neurorec.arrays import whole
from neurorec.discovery import load
from neurorec.random_numbers.seeds import ORDER, entropy, generator
from neurorec.tasks.base.scores import variance_explained
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials


class Dataset(AbstractTask):
    """Trials of the user's own, in a new order every time all have been seen.

    Parameters
    ----------
    data : Trials
    """

    def __init__(self, data: Trials):
        self.data, self.dt, self.loss, self.output_channels = data, data.dt, data.loss, data.channels
        self.n_inputs, self.n_outputs = data.inputs.shape[2], data.targets.shape[2]

    def trial(self, rng: np.random.Generator) -> Trial:
        """One of them, at random."""
        one = self.data.take(np.array([rng.integers(self.data.count)]))
        return Trial(one.inputs[:, 0], one.targets[:, 0], one.mask[:, 0], {name: value[0] for name, value in one.conditions.items()})

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """Number `first` to `first + n - 1` of the shuffled passes through the data."""
        return self.data.take(passes(self.data.count, n, seed, first))

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Share of variance explained, or of steps classified right."""
        if not load("losses", trials.loss).classes:
            return variance_explained(outputs, trials)
        right = outputs.argmax(axis=2) == trials.targets.argmax(axis=2)
        return (trials.mask * right).sum(axis=0) / trials.mask.sum(axis=0)


def passes(count: int, n: int, seed: int | None = 0, first: int = 0) -> np.ndarray:
    """Which of `count` things are shown as number `first` to `first + n - 1`, (n,): all of them in every pass, each pass in an order of its own."""
    root, wanted = entropy(seed), np.arange(first, first + whole("n", n))
    orders = {epoch: generator(root, ORDER, int(epoch)).permutation(count) for epoch in np.unique(wanted // count)}
    return np.array([orders[k // count][k % count] for k in wanted])
