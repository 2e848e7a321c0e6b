"""Evidence accumulation: cues come from two sides; on which there were more has to be said after a delay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.arrays import number, positive, whole
from neurorec.errors import ValueRefused
from neurorec.random_numbers.streams import AbstractStreams
from neurorec.tasks.base.drawn import AbstractDrawn
from neurorec.tasks.base.trials import Trials

LEFT, RIGHT, RECALL, BACKGROUND = range(4)  # groups of channels


@dataclass(frozen=True)
class EvidenceAccumulation(AbstractDrawn):
    """Delayed evidence accumulation of Bellec et al. (2020, doi:10.1038/s41467-020-17236-y), after Morcos and Harvey (2016).

    A rodent runs along a corridor with cues on either side, and has to turn to the side with more of them. Inputs are Poisson spikes of four
    groups of channels: one speaks during cues on the left, one on the right, one while the answer is due, one always. In a trial one side,
    either as likely, has each cue with probability `p_more`. Only the last part counts.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    cues : int
        How many, odd.
    cue, gap : float
        Length of a cue, and of the pause before it, in seconds.
    delay, recall : float
        From the last cue to the answer, and of the answer, in seconds.
    p_more : float
        Probability that a cue is on the side that is to have more.
    channels : int
        In each group.
    rate, background : float
        Of spikes in Hz: of a group that speaks, and of the one that always does.

    Raises
    ------
    ValueRefused
        If a setting is out of its range.

    Notes
    -----
    Conditions of a trial: ``side``, 0 left and 1 right, which is right; ``on_the_right``, how many cues were there.
    """

    dt: float = 0.001
    cues: int = 7
    cue: float = 0.1
    gap: float = 0.05
    delay: float = 1.05
    recall: float = 0.15
    p_more: float = 0.7
    channels: int = 10
    rate: float = 40.0
    background: float = 10.0

    loss: ClassVar[str] = "cross_entropy"
    n_outputs: ClassVar[int] = 2
    output_channels: ClassVar[tuple[str, ...]] = ("left", "right")

    def __post_init__(self) -> None:
        """Refuse settings that make no trial."""
        whole("channels", self.channels)
        if whole("cues", self.cues) % 2 == 0:
            raise ValueRefused(f"cues must be odd, or both sides could have as many; got {self.cues}")
        for name in ("cue", "gap", "delay", "recall"):
            self._steps(name, positive(name, getattr(self, name), "seconds"))
        if number("p_more", self.p_more, 0.5) > 1:
            raise ValueRefused(f"p_more must be a probability from 0.5 to 1, got {self.p_more:g}")
        for name in ("rate", "background"):
            if number(name, getattr(self, name), 0) * self.dt > 1:
                raise ValueRefused(f"{name} = {getattr(self, name):g} Hz is more than a spike in each step of dt = {self.dt:g} s")

    @property
    def n_inputs(self) -> int:
        """Four groups."""
        return 4 * self.channels

    def draw(self, rng: AbstractStreams) -> Trials:
        """Inputs (T, B, 4 channels) of spikes, targets (T, B, 2) one-hot; the answer counts."""
        more = rng.integers(0, 2)
        sides = np.where(rng.random(self.cues) < self.p_more, more, 1 - more)  # (cues, B)
        drawn = rng.random((self._length(), self.n_inputs), np.float32)
        spikes = np.less(drawn, self._apart_from_cues()[:, None], out=np.empty(drawn.shape))
        for cue, side in zip(self._cues(), sides, strict=True):
            for group in (LEFT, RIGHT):
                here = np.s_[cue, side == group, group * self.channels : (group + 1) * self.channels]
                spikes[here] = drawn[here] < self.rate * self.dt
        right = sides.sum(axis=0)
        side = (right > self.cues // 2).astype(int)
        targets = np.broadcast_to(np.eye(2)[side], (*spikes.shape[:2], 2)).copy()
        mask = np.zeros(spikes.shape[:2])
        mask[-self._steps("recall", self.recall) :] = 1
        return self._trials(spikes, targets, mask, side=side, on_the_right=right)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where the mean output over the steps that count is larger on the right side, (B,)."""
        told, right = (np.einsum("tb,tbo->bo", trials.mask, each) for each in (outputs, trials.targets))
        return ((told * np.sign(right - right.mean(axis=1, keepdims=True))).sum(axis=1) > 0).astype(float)

    def _apart_from_cues(self) -> np.ndarray:
        """Probability of a spike in each step, (T, I), where there are no cues."""
        chances = np.zeros((self._length(), 4, self.channels), np.float32)
        chances[-self._steps("recall", self.recall) :, RECALL] = self.rate * self.dt
        chances[:, BACKGROUND] = self.background * self.dt
        return chances.reshape(len(chances), -1)

    def _cues(self) -> list[slice]:
        """Steps of each cue."""
        cue, gap = self._steps("cue", self.cue), self._steps("gap", self.gap)
        return [slice(end - cue, end) for end in range(gap + cue, self.cues * (cue + gap) + 1, cue + gap)]

    def _length(self) -> int:
        """Of a trial, in steps."""
        cue, gap, delay, recall = (self._steps(name, getattr(self, name)) for name in ("cue", "gap", "delay", "recall"))
        return self.cues * (cue + gap) + delay + recall
