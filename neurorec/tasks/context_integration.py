"""Context-dependent integration: which of two noisy signals counts is said by a context."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorec.arrays import number, positive, real_array
from neurorec.errors import ValueRefused
from neurorec.random_numbers.streams import AbstractStreams
from neurorec.tasks.base.drawn import AbstractDrawn
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.trials import Trials

CONTEXTS = ("motion", "colour")


@dataclass(frozen=True)
class ContextIntegration(AbstractDrawn):
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

    def draw(self, rng: AbstractStreams) -> Trials:
        """Inputs (T, B, 4), targets (T, B, 1); the decision counts."""
        before, stimulus, decision = self._sizes
        sign, size = rng.integers(0, 2, 2), rng.integers(0, len(self.coherences), 2)  # of motion and colour
        relevant, noise = rng.integers(0, 2), rng.standard_normal((stimulus, 2))
        motion, colour = coherence = (2.0 * sign - 1) * np.array(self.coherences)[size]  # (2, B)
        choice = np.sign(np.where(relevant == 0, motion, colour))
        inputs = np.zeros((before + stimulus + decision, rng.count, self.n_inputs))
        inputs[before : before + stimulus, :, :2] = coherence.T + self.sigma / np.sqrt(self.dt) * noise
        inputs[..., 2:] = np.eye(2)[relevant]
        targets, mask = np.zeros((len(inputs), rng.count, 1)), np.zeros((len(inputs), rng.count))
        targets[-decision:, :, 0], mask[-decision:] = choice, 1
        context = np.array(CONTEXTS)[relevant]
        return self._trials(inputs, targets, mask, motion=motion, colour=colour, context=context, choice=choice.astype(int))

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where the output at the end has the right sign, else 0, (B,)."""
        return (outputs[-1, :, 0] * trials.targets[-1, :, 0] > 0).astype(float)

    @cached_property
    def _sizes(self) -> list[int]:
        return self._periods()

    def _periods(self) -> list[int]:
        """Steps of each period."""
        return [self._steps(name, positive(name, getattr(self, name), "seconds")) for name in ("before", "stimulus", "decision")]
