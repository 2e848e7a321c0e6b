"""Delayed match to sample: was the second stimulus the same as the first?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, real_array, whole
from neurorec.errors import ValueRefused
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials

FIXATE, MATCH, NON_MATCH = range(3)


@dataclass(frozen=True)
class DelayedMatchToSample(AbstractTask):
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

    def trial(self, rng: np.random.Generator) -> Trial:
        """Inputs (T, 1 + n_stimuli), targets (T, 3) one-hot."""
        sample, match = int(rng.integers(self.n_stimuli)), bool(rng.random() < 0.5)
        test = sample if match else int(sample + rng.integers(1, self.n_stimuli)) % self.n_stimuli
        shortest, longest = (self._steps("delay", seconds) for seconds in self.delay)
        delay = int(rng.integers(shortest, longest, endpoint=True))
        period = np.repeat(np.arange(5), self._periods(delay))
        target = np.where(period < 4, FIXATE, MATCH if match else NON_MATCH)
        padding = (0, longest - delay)
        return Trial(
            np.pad(self._inputs(period, sample, test, rng), (padding, (0, 0))),
            np.eye(3)[np.pad(target, padding, constant_values=FIXATE)],
            np.pad(np.ones(len(period)), padding),
            {"sample": sample, "test": test, "match": match, "delay": delay * self.dt},
        )

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where the right class has the largest mean output over the decision, else 0, (B,).

        What the outputs are before the decision matters to the loss only.
        """
        decision = (trials.targets[..., FIXATE] == 0)[..., None]
        answer, target = ((decision * classes).sum(axis=0).argmax(axis=1) for classes in (outputs, trials.targets))
        return (answer == target).astype(float)

    def _periods(self, delay: int) -> list[int]:
        """Steps of fixation, sample, delay, test and decision."""
        before, after = ("fixation", "sample"), ("test", "decision")
        steps = {name: self._steps(name, getattr(self, name)) for name in (*before, *after)}
        return [*(steps[name] for name in before), delay, *(steps[name] for name in after)]

    def _inputs(self, period: np.ndarray, sample: int, test: int, rng: np.random.Generator) -> np.ndarray:
        """Signal and noise, (steps, 1 + n_stimuli)."""
        ring = 2 * np.pi * np.arange(self.n_stimuli) / self.n_stimuli
        bump = np.exp(self.kappa * (np.cos(ring[:, None] - ring) - 1))  # (stimulus, channel), peak 1
        inputs = self.sigma / np.sqrt(self.dt) * rng.standard_normal((len(period), self.n_inputs))
        inputs[period < 4, 0] += 1
        inputs[period == 1, 1:] += bump[sample]
        inputs[period == 3, 1:] += bump[test]
        return inputs
