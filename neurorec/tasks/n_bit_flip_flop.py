"""N-bit flip-flop: hold the sign of the last pulse on each of several lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.errors import ValueRefused
from neurorec.random_numbers.streams import AbstractStreams
from neurorec.tasks.base.drawn import AbstractDrawn
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.trials import Trials


@dataclass(frozen=True)
class NBitFlipFlop(AbstractDrawn):
    """Sussillo and Barak (2013, Neural Computation 25:626): memory in 2^n fixed points.

    Each bit has an input that brings pulses of +1 or -1 at random times and an output that holds the sign of the
    latest one. Signs are fair coins, so half of the pulses switch nothing. A bit's pulses never touch: between them are
    geometrically distributed gaps of at least one step, the discrete Poisson process with a dead time. Every bit begins
    with a pulse at the first step, so that there is always a sign to hold and no third state.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    n_bits : int
        Lines in, lines out.
    duration : float
        Length of a trial in seconds.
    rate : float
        Pulses per second and bit, after the first.
    width : float
        Length of a pulse in seconds.
    settle : float
        Seconds after the onset of a pulse that switches a bit in which the trial does not count (all its bits), the
        first pulses included; 0: everything counts. No pulse begins so late that it could hide the last step:
        whatever was drawn, that one counts.

    Raises
    ------
    ValueRefused
        If a setting is out of its range, pulses do not fit in at that rate, or nothing would count.

    Notes
    -----
    Condition of a trial: ``switches``, how often its bits changed, the first pulses not counted.
    """

    dt: float = 0.01
    n_bits: int = 3
    duration: float = 3.0
    rate: float = 1.0
    width: float = 0.1
    settle: float = 0.1

    recommended: ClassVar[Recommended] = Recommended(trials=6000, batch=10, rate=0.003)

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        whole("n_bits", self.n_bits)
        steps, width = (self._steps(name, positive(name, getattr(self, name), "seconds")) for name in ("duration", "width"))
        if self.settle != 0:
            self._steps("settle", positive("settle", self.settle, "seconds"))
        if max(width, self._settling) >= steps:
            raise ValueRefused(
                f"width = {self.width:g} s and settle = {self.settle:g} s must be shorter than duration = {self.duration:g} s"
            )
        if self._mean_gap(positive("rate", self.rate, "pulses per second")) < 1:
            raise ValueRefused(
                f"{self.rate:g} pulses per second of {self.width:g} s, a step of {self.dt:g} s between them, do not fit; "
                f"lower rate or width"
            )

    @property
    def n_inputs(self) -> int:
        """One channel per bit."""
        return self.n_bits

    @property
    def n_outputs(self) -> int:
        """One channel per bit."""
        return self.n_bits

    def draw(self, rng: AbstractStreams) -> Trials:
        """Inputs (T, B, n_bits) with pulses, targets (T, B, n_bits) of -1 and 1."""
        steps, width, _ = self._sizes
        # What changes at each step: of inputs and targets the value, of `unsettled` how many bits have just switched. Their sums are whole.
        pulses, held, unsettled = np.zeros((steps, rng.count, self.n_bits)), np.zeros((steps, rng.count, self.n_bits)), np.zeros((steps, rng.count))
        switches = np.zeros(rng.count, int)
        for bit in range(self.n_bits):
            onset, trial, sign, change = self._bit(rng)
            _add(sign, onset, trial, pulses[..., bit])
            _add(-sign, onset + width, trial, pulses[..., bit])
            _add(change, onset, trial, held[..., bit])
            onset, trial = onset[change != 0], trial[change != 0]
            _add(1, onset, trial, unsettled)
            _add(-1, onset + self._settling, trial, unsettled)
            switches += np.bincount(trial, minlength=rng.count) - 1  # but for the first
        for each in (pulses, held, unsettled):
            np.cumsum(each, axis=0, out=each)
        return self._trials(pulses, held, (unsettled == 0).astype(float), switches=switches)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Fraction of counted steps and bits with the output less than 0.5 from its target, (B,)."""
        right = (np.abs(outputs - trials.targets) < 0.5).mean(axis=2)
        return (trials.mask * right).sum(axis=0) / trials.mask.sum(axis=0)

    def _bit(self, rng: AbstractStreams) -> tuple[np.ndarray, ...]:
        """Of each pulse on a line the step at which it begins, its trial, its sign, and by how much it changes what is held."""
        steps, width, mean_gap = self._sizes
        onsets = np.zeros((1 + steps // (width + 1), rng.count), int)
        np.cumsum(width + rng.geometric(1 / mean_gap, len(onsets) - 1), axis=0, out=onsets[1:])
        there = onsets < steps - self._settling  # so many that no more fit in were drawn
        signs = 2.0 * rng.integers(0, 2, len(onsets), counts=there.sum(axis=0)) - 1
        changes = np.diff(signs, axis=0, prepend=0)
        trial, pulse = np.nonzero(there.T)
        return onsets[pulse, trial], trial, signs[pulse, trial], changes[pulse, trial]

    @cached_property
    def _sizes(self) -> tuple[int, int, float]:
        """Steps of a trial, of a pulse, and of the gap after it in the mean."""
        return self._steps("duration", self.duration), self._steps("width", self.width), self._mean_gap(self.rate)

    def _mean_gap(self, rate: float) -> float:
        """Steps from the end of a pulse to the next one, in the mean."""
        return 1 / (rate * self.dt) - self._steps("width", self.width)

    @property
    def _settling(self) -> int:
        return round(self.settle / self.dt)


def _add(value: Any, step: np.ndarray, trial: np.ndarray, to: np.ndarray) -> None:
    """Add to (T, B) what begins in a trial at a step, no two at the same; what would begin after the last step does not."""
    within = step < len(to)
    to[step[within], trial[within]] += value if np.isscalar(value) else value[within]
