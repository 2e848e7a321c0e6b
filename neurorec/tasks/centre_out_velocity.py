"""Centre-out movements: each input stands for a direction, the outputs are the velocity of a cursor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.errors import ValueRefused
from neurorec.random_numbers.seeds import TASK, entropy, generator
from neurorec.tasks._reading.settings import chosen
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials

HOLD = -1  # in the place of a direction
WALK = 512  # movements after which the cursor is put back to the centre
# Speed over the course s of a movement, from 0 to 1; the fastest is 1.
PROFILES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "minimum_jerk": lambda s: 16 * s**2 * (1 - s) ** 2,  # Flash and Hogan (1985): the derivative of 10 s^3 - 15 s^4 + 6 s^5
    "constant": np.ones_like,
    "sine_squared": lambda s: np.sin(np.pi * s) ** 2,
}


@dataclass(frozen=True)
class CentreOutVelocity(AbstractTask):
    """The syllables of Murray (2019, eLife 8:e43299), Figure 4: a constant input calls for a movement in its direction.

    Input i is 1 for as long as movement i lasts, and the two outputs are the velocity of the cursor, as a fraction of the
    fastest. Directions that would lead the cursor out of a box around the centre do not occur; where it stands follows
    from the trials before. Every second trial is a hold: no input, no movement. Meant to be learnt with ``start="carried"``:
    one movement begins in the state in which the one before ended, and holds tell where one ends and the same begins again.

    From the paper: four inputs, a direction each, syllables of 20 tau, the box. It does not say, and we choose: the velocity
    profile, the size of the box, and how the holds of its Figure 4c are made.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    directions : int
        Evenly spaced, counter-clockwise from the right; 4 or 8, say.
    duration : float
        Of a movement and of a hold, in seconds.
    profile : str
        Of the speed: ``"minimum_jerk"``, ``"constant"`` or ``"sine_squared"``.
    box : float
        How far the cursor may go from the centre in x and y, in lengths of a movement.
    holds : bool
        Whether every second trial is a hold.

    Raises
    ------
    ValueRefused, UnknownName
        If a setting is out of its range.

    Notes
    -----
    Condition of a trial: ``direction``, counted from 0; -1 for a hold.
    """

    dt: float = 0.01
    directions: int = 4
    duration: float = 2.0
    profile: str = "minimum_jerk"
    box: float = 1.0
    holds: bool = True

    n_outputs: ClassVar[int] = 2
    recommended: ClassVar[Recommended] = Recommended(trials=10_000, batch=1, optimiser="sgd", rate=0.007, anneal=0.1, start="carried")

    def __post_init__(self) -> None:
        """Refuse settings that make no movement."""
        whole("directions", self.directions, least=2)
        self._steps("duration", positive("duration", self.duration, "seconds"))
        chosen("profile", self.profile, list(PROFILES))
        positive("box", self.box, "lengths of a movement")
        if not isinstance(self.holds, bool):
            raise ValueRefused(f"holds must be True or False, got {self.holds!r}")

    @property
    def n_inputs(self) -> int:
        """One a direction."""
        return self.directions

    @cached_property
    def ways(self) -> np.ndarray:
        """Where a movement leads, (directions, 2), in lengths of a movement."""
        angle = 2 * np.pi * np.arange(self.directions) / self.directions
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def trial(self, rng: np.random.Generator) -> Trial:
        """A movement from the centre: inputs (T, directions), targets (T, 2)."""
        return self.syllable(int(rng.integers(self.directions)))

    def trials(self, n: int, seed: int | None = 0, first: int = 0) -> Trials:
        """Number `first` to `first + n - 1` of the movements that make up the cursor's path."""
        direction = self._directions(entropy(seed), np.arange(first, first + whole("n", n)))
        inputs, targets = self._syllables(direction)
        mask, conditions = np.ones(targets.shape[:2]), {"direction": direction}
        return Trials.unchecked(inputs, targets, mask, conditions, self.dt, self.loss, self.output_channels)

    def syllable(self, direction: int) -> Trial:
        """One movement, or the hold (-1)."""
        inputs, targets = self._syllables(np.array([direction]))
        return Trial(inputs[:, 0], targets[:, 0], conditions={"direction": direction})

    @cached_property
    def speed(self) -> np.ndarray:
        """Of a movement, at the middle of each step, (T,); the fastest is 1."""
        steps = self._steps("duration", self.duration)
        return PROFILES[self.profile]((np.arange(steps) + 0.5) / steps)

    def path(self, outputs: np.ndarray) -> np.ndarray:
        """Where velocities lead, from the origin.

        Parameters
        ----------
        outputs : (T, ..., 2) array
            Velocities, of any number of syllables in a row.

        Returns
        -------
        (T, ..., 2) array
            Position after each step, in lengths of a movement.
        """
        return np.cumsum(outputs, axis=0) / self.speed.sum()

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 where the cursor ends where it should, 0 where it is off by the length of a movement or more, (B,)."""
        off = self.path(outputs)[-1] - self.path(trials.targets)[-1]
        distance = np.nan_to_num(np.linalg.norm(off, axis=1), nan=np.inf)  # of a network that diverged
        return np.clip(1 - distance, 0, 1)

    def _syllables(self, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (T, B, directions) and targets (T, B, 2) of movements and holds, by direction."""
        ways = np.append(self.ways, np.zeros((1, 2)), axis=0)  # of HOLD, which is -1, the last row
        inputs, speed = np.eye(1 + self.directions)[directions, :-1], self.speed[:, None, None]
        return np.repeat(inputs[None], len(speed), axis=0), speed * ways[directions]

    def _directions(self, root: int, numbers: np.ndarray) -> np.ndarray:
        """Of trials by their numbers, (n,)."""
        movement, hold = np.divmod(numbers, 2) if self.holds else (numbers, np.zeros_like(numbers))
        block = movement // WALK
        walks = np.stack([_walk(self, root, each) for each in range(block[0], block[-1] + 1)])
        return np.where(hold, HOLD, walks[block - block[0], movement % WALK])


@lru_cache(maxsize=64)
def _walk(task: CentreOutVelocity, root: int, block: int) -> np.ndarray:
    """Directions that keep the cursor in the box, drawn anew where one does not, (WALK,)."""
    rng, at, directions = generator(root, TASK, block), np.zeros(2), np.empty(WALK, int)
    for k in range(WALK):
        there = at + task.ways
        inside = np.flatnonzero((np.abs(there) <= task.box + 1e-9).all(axis=1))
        directions[k] = rng.choice(inside) if len(inside) else rng.integers(task.directions)
        at = there[directions[k]] if len(inside) else np.zeros(2)
    return directions
