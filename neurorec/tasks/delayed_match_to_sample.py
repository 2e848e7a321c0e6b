"""Delayed match to sample: was the second stimulus the same as the first?"""

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

FIXATE, MATCH, NON_MATCH = range(3)
DECISION = 4  # number of the period, from 0


@dataclass(frozen=True)
class DelayedMatchToSample(AbstractDrawn):
    """Delayed match to sample with a ring of stimuli, timed as neurogym's DelayMatchSample (after Miller et al. 1996).

    Fixation, sample, delay, test, decision. Input 0 is 1 from the start and falls to 0 at the decision, the signal to
    answer; inputs 1 ... n_stimuli are a ring of channels with von Mises tuning, one centred on each stimulus. Noise is
    white: every input gets an independent Gaussian of standard deviation ``sigma / sqrt(dt)`` at each step. The outputs
    are the logits of three classes, fixate (until the decision), match and non-match (during it).

    Half of the trials, by a fair coin, are matches; otherwise the test is any of the other stimuli. Delays are uniform
    over the whole time steps of a range. Trials with a shorter delay end earlier: the steps that are left have no
    input, "fixate" as their target, and do not count.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    n_stimuli : int
        Stimuli, evenly spaced on the ring.
    fixation, sample : float
        Seconds of each period.
    delay : (float, float)
        Shortest and longest delay in seconds; a fixed one is written twice.
    test, decision : float
        Seconds of each period.
    kappa : float
        Concentration of the tuning, dimensionless; 6.5 is a standard deviation of 22.5 degrees, as in
        Yang et al. (2019, Nature Neuroscience 22:297).
    sigma : float
        Input noise in square roots of a second; 0.01 is a standard deviation of 0.1 at dt = 0.01 s.

    Raises
    ------
    ShapeError, ValueRefused
        If a setting is out of its range or a period is shorter than a time step.

    Notes
    -----
    Conditions of a trial: ``sample`` and ``test``, numbers of the stimuli from 0; ``match``, boolean; ``delay`` in
    seconds.
    """

    dt: float = 0.01
    n_stimuli: int = 8
    fixation: float = 0.3
    sample: float = 0.5
    delay: tuple[float, float] = (1.0, 1.0)
    test: float = 0.5
    decision: float = 0.9
    kappa: float = 6.5
    sigma: float = 0.01

    n_outputs: ClassVar[int] = 3
    loss: ClassVar[str] = "cross_entropy"
    recommended: ClassVar[Recommended] = Recommended(cell="gru", readout_gain=0.1, trials=24_000, batch=4, rate=0.003, anneal=0.1)

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        whole("n_stimuli", self.n_stimuli, least=2)
        shortest, longest = real_array("delay", self.delay, (2,), "(shortest, longest) in seconds").tolist()
        if not 0 < shortest <= longest:
            raise ValueRefused(f"delay must be (shortest, longest) with 0 < shortest <= longest, got {self.delay!r}")
        object.__setattr__(self, "delay", (shortest, longest))
        for name in ("fixation", "sample", "test", "decision"):
            positive(name, getattr(self, name), "seconds")
        self._periods(self._steps("delay", shortest))
        positive("kappa", self.kappa)
        if self.sigma != 0:
            positive("sigma", self.sigma, "square roots of a second, or 0")

    @property
    def n_inputs(self) -> int:
        """Fixation and the ring."""
        return 1 + self.n_stimuli

    def draw(self, rng: AbstractStreams) -> Trials:
        """Inputs (T, B, 1 + n_stimuli), targets (T, B, 3) one-hot."""
        sample, match = rng.integers(0, self.n_stimuli), rng.random() < 0.5
        test = (sample + rng.integers(1, self.n_stimuli, counts=~match)) % self.n_stimuli  # one of the others where it is no match
        shortest, longest = self._delays
        delay = rng.integers(shortest, longest + 1)
        ends = np.cumsum([np.broadcast_to(steps, delay.shape) for steps in self._periods(delay)], axis=0)
        step = np.arange(self._around + longest)[:, None]
        waiting, counted = step < ends[DECISION - 1], step < ends[DECISION]
        inputs = rng.standard_normal((len(step), self.n_inputs), counts=ends[DECISION])  # no noise after a trial's end
        inputs *= self.sigma / np.sqrt(self.dt)
        inputs[..., 0] += waiting
        self._show(sample, ends[0:2], inputs)
        self._show(test, ends[2:4], inputs)
        answer = np.where(waiting | ~counted, FIXATE, np.where(match, MATCH, NON_MATCH))
        targets = np.eye(self.n_outputs).take(answer, axis=0)
        return self._trials(inputs, targets, counted.astype(float), sample=sample, test=test, match=match, delay=delay * self.dt)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where the right class has the largest mean output over the decision, else 0, (B,).

        What the outputs are before the decision matters to the loss only.
        """
        decision = (trials.targets[..., FIXATE] == 0)[..., None]
        answer, target = ((decision * classes).sum(axis=0).argmax(axis=1) for classes in (outputs, trials.targets))
        return (answer == target).astype(float)

    @cached_property
    def _delays(self) -> tuple[int, int]:
        """The shortest and the longest, in steps."""
        shortest, longest = (self._steps("delay", seconds) for seconds in self.delay)
        return shortest, longest

    @cached_property
    def _around(self) -> int:
        """Steps of all periods but the delay."""
        return sum(self._periods(0))

    def _periods(self, delay: Any) -> list[Any]:
        """Steps of fixation, sample, delay, test and decision."""
        before, after = ("fixation", "sample"), ("test", "decision")
        steps = {name: self._steps(name, getattr(self, name)) for name in (*before, *after)}
        return [*(steps[name] for name in before), delay, *(steps[name] for name in after)]

    @cached_property
    def _bump(self) -> np.ndarray:
        """What a stimulus is on the ring, (stimulus, channel), peak 1."""
        ring = 2 * np.pi * np.arange(self.n_stimuli) / self.n_stimuli
        return np.exp(self.kappa * (np.cos(ring[:, None] - ring) - 1))

    def _show(self, stimulus: np.ndarray, period: np.ndarray, inputs: np.ndarray) -> None:
        """Add to the ring what each trial has there from the first to the second row of `period`, in steps."""
        length = int(period[1, 0] - period[0, 0])
        for begin in np.unique(period[0]).tolist():
            which = np.flatnonzero(period[0] == begin)
            inputs[begin : begin + length, which, 1:] += self._bump[stimulus[which]]
