"""Context-dependent integration: which of two noisy signals counts is said by a context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import number, positive, real_array
from neurorec.errors import ValueRefused
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials


@dataclass(frozen=True)
class ContextIntegration(AbstractTask):
    """Mante, Sussillo, Shenoy and Newsome (2013, Nature 503:78): report the sign of the motion, or of the colour, of one stimulus.

    Inputs 0 and 1 are the momentary evidence of motion and colour, a coherence plus white noise, while the stimulus is on; inputs 2 and 3
    say throughout which of the two counts (1, 0 or 0, 1). The output should be the sign of that one's coherence, +1 or -1, during the
    decision, when the stimulus is gone; earlier steps do not count. Sign, size and context are drawn independently, so that the other
    signal is as strong and says nothing.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    coherences : sequence of float
        Sizes of the evidence, each with both signs.
    sigma : float
        Noise of either input in square roots of a second; 0.1 is a standard deviation of 1 at dt = 0.01 s.
    before, stimulus, decision : float
        Seconds of each period; before the stimulus there is the context only.

    Raises
    ------
    ShapeError, ValueRefused
        If a setting is out of its range or a period is shorter than a time step.

    Notes
    -----
    Conditions of a trial: ``motion`` and ``colour``, signed coherences; ``context``, ``"motion"`` or ``"colour"``; ``choice``, the right one,
    -1 or 1. An ideal observer of coherence c answers rightly with probability Phi(c sqrt(stimulus) / sigma).
    """

    dt: float = 0.01
    coherences: tuple[float, ...] = (0.05, 0.15, 0.5)
    sigma: float = 0.1
    before: float = 0.2
    stimulus: float = 0.8
    decision: float = 0.2

    n_inputs: ClassVar[int] = 4
    n_outputs: ClassVar[int] = 1
    recommended: ClassVar[Recommended] = Recommended(
        rule="bptt", trials=48_000, batch=32, gain=1.0, readout_gain=0.1, rate=0.002, anneal=0.1
    )

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        sizes = real_array("coherences", self.coherences, (-1,), "one size each")
        if not sizes.size or sizes.min() <= 0:
            raise ValueRefused(f"coherences must be positive sizes, each of which comes with both signs, got {self.coherences!r}")
        object.__setattr__(self, "coherences", tuple(sizes.tolist()))
        number("sigma", self.sigma, least=0)
        self._periods()

    def trial(self, rng: np.random.Generator) -> Trial:
        """Inputs (T, 4), targets (T, 1); the decision counts."""
        motion, colour = rng.choice([-1.0, 1.0], 2) * rng.choice(self.coherences, 2)
        relevant = int(rng.integers(2))
        choice = np.sign((motion, colour)[relevant])
        period = np.repeat(np.arange(3), self._periods())
        inputs = np.zeros((len(period), 4))
        inputs[period == 1, :2] = [motion, colour] + self.sigma / np.sqrt(self.dt) * rng.standard_normal((np.count_nonzero(period == 1), 2))
        inputs[:, 2 + relevant] = 1
        decided = (period == 2).astype(float)
        said = {"motion": motion, "colour": colour, "context": ("motion", "colour")[relevant], "choice": int(choice)}
        return Trial(inputs, choice * decided[:, None], decided, said)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where the output at the end has the right sign, else 0, (B,)."""
        return (outputs[-1, :, 0] * trials.targets[-1, :, 0] > 0).astype(float)

    def _periods(self) -> list[int]:
        """Steps of each period."""
        return [self._steps(name, positive(name, getattr(self, name), "seconds")) for name in ("before", "stimulus", "decision")]
