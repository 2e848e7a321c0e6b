"""N-bit flip-flop: hold the sign of the last pulse on each of several lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.errors import ValueRefused
from neurorec.random_numbers.streams import AbstractStreams
from neurorec.tasks.base.drawn import AbstractDrawn
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.signals import lasting
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
        onset, sign = (np.stack(each, axis=2) for each in zip(*[self._bit(rng) for _ in range(self.n_bits)], strict=True))
        onset, sign = onset[: (used := (onset < steps).any(axis=(1, 2)).sum())], sign[:used]
        pulses, held = lasting(onset, sign, steps, width), lasting(onset, sign, steps, steps)
        switching = (onset < steps) & (np.diff(sign, axis=0, prepend=0) != 0)
        switch = np.sort(np.where(switching, onset, steps).swapaxes(1, 2).reshape(-1, rng.count), axis=0)  # of any bit, (events, B)
        counted = lasting(switch, np.zeros(switch.shape), steps, self._settling, rest=1.0)
        return self._trials(pulses, held, counted, switches=switching[1:].sum(axis=(0, 2)))

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Fraction of counted steps and bits with the output less than 0.5 from its target, (B,)."""
        right = (np.abs(outputs - trials.targets) < 0.5).mean(axis=2)
        return (trials.mask * right).sum(axis=0) / trials.mask.sum(axis=0)

    def _bit(self, rng: AbstractStreams) -> tuple[np.ndarray, np.ndarray]:
        """Steps at which pulses on a line begin, and their signs, (pulses, B); those that come too late begin at the end."""
        steps, width, mean_gap = self._sizes
        onset = np.zeros((1 + steps // (width + 1), rng.count), int)  # no more fit in
        np.cumsum(width + rng.geometric(1 / mean_gap, len(onset) - 1), axis=0, out=onset[1:])
        onset[onset >= steps - self._settling] = steps
        return onset, 2.0 * rng.integers(0, 2, len(onset), counts=(onset < steps).sum(axis=0)) - 1

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
