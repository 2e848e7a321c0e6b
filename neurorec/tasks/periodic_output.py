"""Periodic output: produce one period of a sum of three sines, without any input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive
from neurorec.errors import ValueRefused
from neurorec.tasks.base.fixed import AbstractFixed
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.scores import variance_explained
from neurorec.tasks.base.trials import Trial, Trials

_SINES = {1: 1.0, 2: 0.5, 4: 0.25}  # cycles per period: amplitude


@dataclass(frozen=True)
class PeriodicOutput(AbstractFixed):
    """Murray (2019, eLife 8:e43299), Figure 2: an autonomous network learns a periodic waveform.

    The target is ``sin(2 pi t/T) + 0.5 sin(4 pi t/T) + 0.25 sin(8 pi t/T)`` at the steps t = 0 ... T-1, as in the
    author's notebook: the first target is 0. Each trial is one period and every trial is the same; the network gets
    no input, so what tells it the phase is its initial state. A trial scores the variance explained of its target.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    period : float
        T in seconds, to the nearest time step. The paper uses 20, 40, 80 and 160 tau: 2, 4, 8 and 16 s with
        tau = 0.1 s.

    Raises
    ------
    ValueRefused
        If a setting is not positive, or the fastest sine would have two time steps a cycle or fewer.
    """

    dt: float = 0.01
    period: float = 2.0

    n_inputs: ClassVar[int] = 0
    n_outputs: ClassVar[int] = 1
    recommended: ClassVar[Recommended] = Recommended(trials=5000, batch=1, optimiser="sgd", rate=0.01)

    def __post_init__(self) -> None:
        """Refuse what would alias: at two steps a cycle a sine is zero at every step."""
        steps, fastest = self._steps("period", positive("period", self.period, "seconds")), max(_SINES)
        if steps <= 2 * fastest:
            raise ValueRefused(
                f"period = {self.period:g} s has {steps} time steps of {self.dt:g} s, the fastest sine needs more than "
                f"{2 * fastest}; lengthen it or choose a smaller dt"
            )

    def trial(self, rng: np.random.Generator) -> Trial:
        """One period: inputs (T, 0), targets (T, 1)."""
        steps = self._steps("period", self.period)
        phase = 2 * np.pi * np.arange(steps) / steps
        waves = [amplitude * np.sin(cycles * phase) for cycles, amplitude in _SINES.items()]
        return Trial(np.zeros((steps, 0)), np.sum(waves, axis=0)[:, None])

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Variance explained, (B,)."""
        return variance_explained(outputs, trials)
