"""Pattern generation: frozen noise comes in, a sum of sines has to go out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, real_array, whole
from neurorec.errors import ValueRefused
from neurorec.tasks.base.fixed import AbstractFixed
from neurorec.tasks.base.scores import variance_explained
from neurorec.tasks.base.trials import Trial, Trials


@dataclass(frozen=True)
class PatternGeneration(AbstractFixed):
    """Pattern generation of Bellec et al. (2020, doi:10.1038/s41467-020-17236-y): the same Poisson spikes in every trial, and a sum of sines to give.

    Channel by channel a step has a spike with probability ``rate * dt``, the first step has none. The target is the sum of sines of some
    periods with amplitudes from U(0.5, 2) and phases from U(0, 2 pi), moved to begin at 0 and scaled to reach 1 or -1. Neither depends on the
    seed of the trials: all are alike.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    duration : float
        Of a trial, in seconds.
    channels : int
        Of input.
    rate : float
        Of their spikes, in Hz.
    periods : tuple of float
        Of the sines, in seconds.
    pattern : int
        Seed of spikes and target.

    Raises
    ------
    ShapeError, ValueRefused
        If a setting is out of its range.
    """

    dt: float = 0.001
    duration: float = 1.0
    channels: int = 100
    rate: float = 50.0
    periods: tuple[float, ...] = (1.0, 0.5, 1 / 3, 0.2)
    pattern: int = 0

    n_outputs: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        whole("channels", self.channels)
        whole("pattern", self.pattern, least=0)
        if positive("rate", self.rate, "Hz") * positive("dt", self.dt, "seconds") > 1:
            raise ValueRefused(f"rate = {self.rate:g} Hz is more than a spike in each step of dt = {self.dt:g} s; choose a smaller one")
        periods = tuple(real_array("periods", self.periods, (-1,)).tolist())
        if not periods or min(periods) < 4 * self.dt:
            raise ValueRefused(f"periods must be seconds, each four time steps of {self.dt:g} s or longer, got {self.periods!r}")
        object.__setattr__(self, "periods", periods)
        if self._steps("duration", positive("duration", self.duration, "seconds")) < 2:
            raise ValueRefused(f"duration = {self.duration:g} s is a single step of dt = {self.dt:g} s; lengthen it")

    @property
    def n_inputs(self) -> int:
        """Channels of spikes."""
        return self.channels

    def trial(self, rng: np.random.Generator) -> Trial:
        """Inputs (T, channels), targets (T, 1); nothing is drawn from `rng`."""
        del rng
        own, steps = np.random.default_rng(self.pattern), self._steps("duration", self.duration)
        spikes = (own.random((steps, self.channels)) < self.rate * self.dt) * 1.0
        spikes[0] = 0
        amplitudes, phases = own.uniform(0.5, 2, len(self.periods)), own.uniform(0, 2 * np.pi, len(self.periods))
        time = self.dt * np.arange(steps)[:, None]
        summed = (amplitudes * np.sin(phases + 2 * np.pi * time / np.array(self.periods))).sum(axis=1)
        target = summed - summed[0]
        return Trial(spikes, (target / np.abs(target).max())[:, None])

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Share of the target's variance explained, 0 at the least, (B,)."""
        return variance_explained(outputs, trials)
