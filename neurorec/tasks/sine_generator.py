"""Sine generator: a constant input says at which frequency to oscillate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from neurorec.arrays import positive, real_array, whole
from neurorec.errors import ValueRefused
from neurorec.random_numbers.streams import AbstractStreams
from neurorec.tasks.base.drawn import AbstractDrawn
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.trials import Trials


@dataclass(frozen=True)
class SineGenerator(AbstractDrawn):
    """After Sussillo and Barak (2013, Neural Computation 25:626): the output is a sine whose frequency a constant input sets.

    The input of frequency number j of n is (j + 1/2) / n, from the first step to the last; the output should be sin(2 pi f t). Frequencies are
    evenly spaced. Trials begin with the onset of the input, and the first part of them does not count, while the rhythm begins.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    n_frequencies : int
        How many, each as likely.
    frequencies : (float, float)
        Lowest and highest in Hz.
    duration : float
        Length of a trial in seconds.
    settle : float
        Seconds from its start that do not count; 0: everything counts.

    Raises
    ------
    ShapeError, ValueRefused
        If a setting is out of its range, or the highest frequency has fewer than four steps a period.

    Notes
    -----
    Condition of a trial: ``frequency`` in Hz.
    """

    dt: float = 0.01
    n_frequencies: int = 20
    frequencies: tuple[float, float] = (0.5, 2.0)
    duration: float = 3.0
    settle: float = 0.2

    n_inputs: ClassVar[int] = 1
    n_outputs: ClassVar[int] = 1
    recommended: ClassVar[Recommended] = Recommended(
        rule="bptt", trials=40_000, batch=20, gain=1.2, readout_gain=0.1, rate=0.002, anneal=0.1
    )

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        whole("n_frequencies", self.n_frequencies)
        low, high = real_array("frequencies", self.frequencies, (2,), "(lowest, highest) in Hz").tolist()
        if not 0 < low <= high or 4 * high * positive("dt", self.dt) > 1:
            raise ValueRefused(
                f"frequencies must be (lowest, highest) in Hz, positive, with four steps of {self.dt:g} s a period or more, got {self.frequencies!r}"
            )
        object.__setattr__(self, "frequencies", (low, high))
        steps = self._steps("duration", positive("duration", self.duration, "seconds"))
        if self.settle != 0 and self._steps("settle", positive("settle", self.settle, "seconds")) >= steps:
            raise ValueRefused(f"settle = {self.settle:g} s must be shorter than duration = {self.duration:g} s")

    def draw(self, rng: AbstractStreams) -> Trials:
        """Inputs (T, B, 1), targets (T, B, 1)."""
        number, steps = rng.integers(0, self.n_frequencies), self._steps("duration", self.duration)
        targets = self._waves.take(number, axis=1)
        inputs, mask = np.empty(targets.shape), np.empty(targets.shape)
        inputs[:] = self.level(number)
        mask[:] = 1.0 * (np.arange(steps) >= round(self.settle / self.dt))[:, None]
        return self._trials(inputs[..., None], targets[..., None], mask, frequency=self.all_frequencies()[number])

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Share of the variance of the target explained in the steps that count, 0 at the least, (B,)."""
        left = (trials.mask * (outputs - trials.targets)[:, :, 0] ** 2).sum(axis=0)
        return np.clip(1 - left / (trials.mask * trials.targets[:, :, 0] ** 2).sum(axis=0), 0, 1)

    def all_frequencies(self) -> np.ndarray:
        """In Hz, (n_frequencies,)."""
        return np.linspace(*self.frequencies, self.n_frequencies)

    def level(self, number: Any) -> Any:
        """The input that asks for frequency number 0, 1, ...; an array for an array of numbers."""
        return (number + 0.5) / self.n_frequencies

    @cached_property
    def _waves(self) -> np.ndarray:
        """The sine of each frequency, (T, n_frequencies)."""
        time = self.dt * np.arange(1, self._steps("duration", self.duration) + 1)
        return np.sin(2 * np.pi * self.all_frequencies() * time[:, None])
