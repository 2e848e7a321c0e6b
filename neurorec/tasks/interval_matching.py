"""Interval matching (Ready-Set-Go): reproduce the interval between two input pulses with an output pulse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, real_array
from neurorec.errors import ValueRefused
from neurorec.random_numbers.streams import AbstractStreams
from neurorec.tasks.base.drawn import AbstractDrawn
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.signals import windows
from neurorec.tasks.base.trials import Trials


@dataclass(frozen=True)
class IntervalMatching(AbstractDrawn):
    """Murray (2019, eLife 8:e43299), Figure 3: reproduce the interval between two pulses.

    One input brings a "ready" and a "set" pulse, a random delay apart; the one output should peak the same delay after
    "set". All pulses are Gaussians of height 1; where the two inputs overlap they add.

    From the paper: the shape of the pulses, a standard deviation of 15 steps at tau = 10 steps, and the longest delay,
    15 tau. The paper does not say, and we choose: height 1; delays uniform over the whole time steps of a range; "ready"
    three standard deviations after the trial's start, so that it rises from nothing; and one length for all trials,
    which leaves three standard deviations after the latest "go". Every step counts.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    delay : (float, float)
        Shortest and longest delay in seconds; a fixed one is written twice.
    width : float
        Standard deviation of the pulses in seconds.
    ready : float
        Time of the first pulse's peak in seconds.
    after : float
        Time from the latest possible "go" to the trial's end in seconds.

    Raises
    ------
    ShapeError, ValueRefused
        If the delay is no ascending pair, a time is not positive, or the pulses are narrower than a time step.

    Notes
    -----
    Conditions of a trial: ``delay``, and ``go``, the time at which the output should peak (both in seconds; `go` on the
    clock of ``trials.time``).
    """

    dt: float = 0.01
    delay: tuple[float, float] = (0.3, 1.5)
    width: float = 0.15
    ready: float = 0.45
    after: float = 0.45

    n_inputs: ClassVar[int] = 1
    n_outputs: ClassVar[int] = 1
    recommended: ClassVar[Recommended] = Recommended(
        readout_gain=0.1, trials=20_000, batch=1, optimiser="sgd", rate=0.003, weight_decay=0.005
    )

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        shortest, longest = real_array("delay", self.delay, (2,), "(shortest, longest) in seconds").tolist()
        if not 0 < shortest <= longest:
            raise ValueRefused(f"delay must be (shortest, longest) with 0 < shortest <= longest, got {self.delay!r}")
        object.__setattr__(self, "delay", (shortest, longest))
        for name in ("width", "ready", "after"):
            self._steps(name, positive(name, getattr(self, name), "seconds"))
        self._steps("delay", shortest)

    def draw(self, rng: AbstractStreams) -> Trials:
        """Inputs (T, B, 1) with two pulses, targets (T, B, 1) with one."""
        ready, (shortest, longest) = self._steps("ready", self.ready), self._delays
        delay = rng.integers(shortest, longest + 1)
        last, steps = 2 * longest, len(self._pulse) - 2 * longest
        first = self._pulse[last:]  # at "ready"
        inputs, targets = windows(self._pulse, last - delay, first), windows(self._pulse, last - 2 * delay, np.zeros(steps))
        return self._trials(inputs[..., None], targets[..., None], delay=delay * self.dt, go=(ready + 2 * delay) * self.dt)

    @cached_property
    def _delays(self) -> tuple[int, int]:
        """The shortest and the longest, in steps."""
        shortest, longest = (self._steps("delay", seconds) for seconds in self.delay)
        return shortest, longest

    def produced(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Intervals that the network produced: from the peak of "set" to that of the output after it.

        Parameters
        ----------
        outputs : (T, B, 1)
            The network's answers.
        trials : Trials
            Their trials.

        Returns
        -------
        (B,) array
            Seconds, in whole time steps; 0 where the output is largest at "set" itself.
        """
        set_at = np.round((trials.conditions["go"] - trials.conditions["delay"]) / trials.dt).astype(int)
        since_set = np.arange(1, len(outputs) + 1)[:, None] - set_at
        peak = np.where(since_set >= 0, outputs[..., 0], -np.inf).argmax(axis=0)
        return np.take_along_axis(since_set, peak[None], axis=0)[0] * trials.dt

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 for a peak at the right step, falling linearly to 0 at neurogym's tolerance for Ready-Set-Go, (B,).

        The tolerance is 20 % of the delay (timing is as variable as it is long) plus 25 ms. The height of the peak does
        not matter, as in the paper, which plots peak times.
        """
        delay = trials.conditions["delay"]
        missed = np.abs(self.produced(outputs, trials) - delay)
        return np.clip(1 - missed / (0.2 * delay + 0.025), 0, 1)

    @cached_property
    def _pulse(self) -> np.ndarray:
        """Of height 1, the latest that a trial can have, and as many steps before it; what begins later in it is a trial with an earlier one."""
        ready, after, last = self._steps("ready", self.ready), self._steps("after", self.after), 2 * self._delays[1]
        steps_from_peak = np.arange(1 - ready - last, last + after + 1)
        return np.exp(-((steps_from_peak * self.dt / self.width) ** 2) / 2)
