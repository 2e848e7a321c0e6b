"""Adding problem: the sum of two marked numbers out of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.random_numbers.streams import AbstractStreams
from neurorec.tasks.base.drawn import AbstractDrawn
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.trials import Trials


@dataclass(frozen=True)
class AddingProblem(AbstractDrawn):
    """Adding problem of Hochreiter and Schmidhuber (1997), as in Le et al. (2015, arXiv 1504.00941) and the papers since.

    Input 0 is a number at each step, uniform in [0, 1); input 1 is 1 at one step of the first half and at one of the
    second, else 0. The answer, at the last step, is the sum of the two numbers so marked. Only that step counts.

    This project's loss is half the squared error, so **the papers' mean squared error is twice the loss**: a loss of
    1/12 = 0.083 is the MSE of 1/6 = 0.167 at which a network has learnt nothing.

    Parameters
    ----------
    dt : float
        Time step in seconds; one number comes at each.
    length : int
        Steps of a trial, T of the papers.
    tolerance : float
        An answer that is less wrong scores 1. 0.08 is that of Hochreiter and Schmidhuber, whose target is half as wide.

    Raises
    ------
    ValueRefused
        If a setting is out of its range.

    Notes
    -----
    Conditions of a trial: ``first`` and ``second``, the marked steps counted from 0; ``sum``, the answer.
    """

    dt: float = 0.01
    length: int = 100
    tolerance: float = 0.08

    n_inputs: ClassVar[int] = 2
    n_outputs: ClassVar[int] = 1
    clock: ClassVar[str] = "steps"
    recommended: ClassVar[Recommended] = Recommended(cell="gru", gain=1.0, trials=60_000, batch=20, rate=0.003, anneal=0.1)

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        positive("dt", self.dt, "seconds")
        whole("length", self.length, least=2)
        positive("tolerance", self.tolerance)

    @property
    def baseline(self) -> float:
        """Loss of the best answer without memory, which is always 1: half the variance of the sum, 1/12."""
        return 1 / 12

    @staticmethod
    def mse(loss: float) -> float:
        """The papers' mean squared error of a loss."""
        return 2 * loss

    def draw(self, rng: AbstractStreams) -> Trials:
        """Inputs (T, B, 2); targets (T, B, 1), the sum at the last step and 0 before, where the mask is 0."""
        numbers, half = rng.random(self.length), self.length // 2
        first, second = rng.integers(0, half), rng.integers(half, self.length)
        trial, inputs = np.arange(rng.count), np.zeros((self.length, rng.count, 2))
        inputs[..., 0] = numbers
        inputs[first, trial, 1] = inputs[second, trial, 1] = 1
        targets, mask = np.zeros((self.length, rng.count, 1)), np.zeros((self.length, rng.count))
        targets[-1, :, 0], mask[-1] = numbers[first, trial] + numbers[second, trial], 1
        return self._trials(inputs, targets, mask, first=first, second=second, sum=targets[-1, :, 0])

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where the answer is wrong by less than `tolerance`, else 0, (B,)."""
        return (np.abs(outputs[-1, :, 0] - trials.targets[-1, :, 0]) < self.tolerance).astype(float)
