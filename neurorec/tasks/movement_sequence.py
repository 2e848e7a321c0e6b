"""A whole sequence of movements and holds, to be produced without any input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.tasks.base.fixed import AbstractFixed
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.trials import Trial, Trials
from neurorec.tasks.centre_out_velocity import HOLD, CentreOutVelocity


@dataclass(frozen=True)
class MovementSequence(AbstractFixed):
    """Murray (2019, eLife 8:e43299), Figure 4c: four movements and four holds, 160 tau in one piece.

    The movements are those of `CentreOutVelocity`, a hold after each. This is the direct way to learn what the loop of
    `neurorec.circuits.SequenceLoop` puts together from syllables.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    sequence : sequence of int
        Directions, counter-clockwise from the right.
    directions : int
        How many there are.
    duration : float
        Of a movement and of a hold, in seconds.
    profile : str
        Of the speed, as for `CentreOutVelocity`.

    Raises
    ------
    ValueRefused, UnknownName
        If a setting is out of its range, or there are no movements.
    """

    dt: float = 0.01
    sequence: tuple[int, ...] = (0, 1, 2, 3)
    directions: int = 4
    duration: float = 2.0
    profile: str = "minimum_jerk"

    n_inputs: ClassVar[int] = 0
    n_outputs: ClassVar[int] = 2
    recommended: ClassVar[Recommended] = Recommended(trials=4000, batch=1, rate=0.001, anneal=0.1)

    def __post_init__(self) -> None:
        """Refuse settings that make no movement."""
        known = range(self.syllables.directions)
        if not (isinstance(self.sequence, Sequence) and self.sequence and all(each in known for each in self.sequence)):
            raise ValueRefused(f"sequence must hold directions from 0 to {self.directions - 1}, at least one, got {self.sequence!r}")
        object.__setattr__(self, "sequence", tuple(self.sequence))

    @cached_property
    def syllables(self) -> CentreOutVelocity:
        """The task of its movements."""
        return CentreOutVelocity(self.dt, self.directions, self.duration, self.profile)

    def trial(self, rng: np.random.Generator) -> Trial:
        """No inputs (T, 0), targets (T, 2); the same every time."""
        targets = np.concatenate([self.syllables.syllable(each).targets for each in self._all])
        return Trial(np.zeros((len(targets), 0)), targets)

    def path(self, outputs: np.ndarray) -> np.ndarray:
        """Where velocities lead, as `CentreOutVelocity.path`."""
        return self.syllables.path(outputs)

    def end_points(self, outputs: np.ndarray) -> np.ndarray:
        """Where the cursor is at the end of each movement and each hold, (2 n, ..., 2), in lengths of a movement."""
        steps = len(outputs) // len(self._all)
        return self.path(outputs)[steps - 1 :: steps]

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where every movement and every hold ends where it should, falling to 0 where they are off by a movement's length on average, (B,)."""
        off = np.linalg.norm(self.end_points(outputs) - self.end_points(trials.targets), axis=2).mean(axis=0)
        return np.clip(1 - np.nan_to_num(off, nan=np.inf), 0, 1)

    @property
    def _all(self) -> list[int]:
        return [each for direction in self.sequence for each in (direction, HOLD)]
