"""Tasks with one trial, which is shown again and again."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from neurorec.arrays import whole
from neurorec.random_numbers.seeds import TASK, entropy, generator
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials


class AbstractFixed(AbstractTask):
    """A task in which nothing is random: its `trial` is made once, however many are asked for."""

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """The same trial `n` times."""
        entropy(seed)  # refused, if it is none
        one = self._one
        inputs, targets, mask = (_repeated(array, whole("n", n)) for array in (one.inputs, one.targets, one.mask))
        conditions = {name: np.repeat(value, n) for name, value in one.conditions.items()}
        return Trials.unchecked(inputs, targets, mask, conditions, one.dt, one.loss, one.channels)

    @cached_property
    def _one(self) -> Trials:
        return self._stacked([self.trial(generator(0, TASK))])


def _repeated(array: np.ndarray, n: int) -> np.ndarray:
    """(T, 1, ...) to (T, n, ...)."""
    return np.repeat(array, n, axis=1) if array.size else np.empty((len(array), n, *array.shape[2:]))  # NumPy repeats nothing slowly
