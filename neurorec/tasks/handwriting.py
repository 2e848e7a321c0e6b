"""Handwriting: one input a letter; the outputs are the velocity and contact of a pen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorec.arrays import positive, real_array
from neurorec.errors import UnknownName, ValueRefused
from neurorec.tasks._reading.strokes import REACH, letter_path, movement
from neurorec.tasks.base.recommended import Recommended
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trial, Trials


@dataclass(frozen=True)
class Handwriting(AbstractTask):
    """Write a letter while its input is on; one letter after another is a word.

    Not in Murray (2019, eLife 8:e43299), but in the sense of his Figure 4, where short movements ("syllables") are trained
    first and put in a sequence later: here a syllable is a letter of a single-stroke Hershey font. It begins where the
    letter before ended and ends where the next one begins, so that letters join to words whatever their order.

    One input a letter is 1 while that letter is written; in a hold after it all inputs are 0 and the pen rests. Three
    outputs: velocity to the right and upwards, in letter heights (of a capital) per second, and contact, 1 while the
    pen touches the paper. The pen goes along the letter at constant speed, each letter in the same time, as hands roughly do;
    its position and contact are then smoothed in time, which rounds corners and slows the pen in them, and
    velocity is the change of position from step to step: added up, it gives the letter again.

    A trial scores the product of two shares: 1 minus the error of the shape over that of a pen that does not move, and
    the steps with the right contact.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    letters : str
        The letters there are, one input each, none twice.
    font : str
        ``"cursive"``, whose letters join, ``"futural"``, plain print, or another of the package Hershey-Fonts.
    duration : float
        Seconds in which a letter is written, at rest at either end.
    hold : float
        Seconds of rest after each letter; 0: none.
    smooth : float
        Standard deviation in seconds of the Gaussian that smooths; the pen starts and stops three of them within `duration`.

    Raises
    ------
    NotOffered
        If Hershey-Fonts is not installed.
    UnknownName, ValueRefused
        If there is no such font, letters are missing, repeated or not in it, or a time is too short.

    Notes
    -----
    Condition of a trial: ``letter``, its place in `letters`.
    """

    dt: float = 0.01
    letters: str = "learn"
    font: str = "cursive"
    duration: float = 2.0
    hold: float = 0.5
    smooth: float = 0.05

    n_outputs: ClassVar[int] = 3
    needs: ClassVar[tuple[str, ...]] = ("HersheyFonts",)
    recommended: ClassVar[Recommended] = Recommended(cell="gru", trials=6000, batch=5, rate=0.003, anneal=0.1, start="carried")

    def __post_init__(self) -> None:
        """Refuse settings that write nothing; look every letter up now."""
        for name in ("letters", "font"):
            if not isinstance(getattr(self, name), str):
                raise ValueRefused(f"{name} must be text, got {getattr(self, name)!r}")
        if not self.letters or len(set(self.letters)) < len(self.letters):
            raise ValueRefused(
                f"letters must hold each letter once and at least one, got {self.letters!r}; a word's are ''.join(sorted(set(word)))"
            )
        if self._steps("duration", positive("duration", self.duration, "seconds")) * self.dt <= 2 * REACH * positive(
            "smooth", self.smooth, "seconds"
        ):
            raise ValueRefused(
                f"duration = {self.duration:g} s leaves no time to write between start and stop, which take {REACH} smooth = "
                f"{REACH * self.smooth:g} s each; lengthen it, or smooth less"
            )
        if self.hold != 0:
            self._steps("hold", positive("hold", self.hold, "seconds, or 0"))
        _ = self.targets

    @property
    def n_inputs(self) -> int:
        """One per letter."""
        return len(self.letters)

    @property
    def letter_steps(self) -> int:
        """Time steps in which a letter is written."""
        return self._steps("duration", self.duration)

    @property
    def hold_steps(self) -> int:
        """Time steps of the rest after it."""
        return self._steps("hold", self.hold) if self.hold else 0

    @cached_property
    def targets(self) -> np.ndarray:
        """What the pen should do, letter by letter with its hold, (letter, T, 3)."""
        return np.stack(
            [
                np.pad(movement(letter_path(self.font, letter), self.letter_steps, self.dt, self.smooth), ((0, self.hold_steps), (0, 0)))
                for letter in self.letters
            ]
        )

    def trial(self, rng: np.random.Generator) -> Trial:
        """A letter at random, with its hold: inputs (T, I), targets (T, 3)."""
        return self._row([int(rng.integers(self.n_inputs))])

    def word(self, text: str) -> Trials:
        """One long trial, in which the letters of a word follow one another.

        Parameters
        ----------
        text : str
            Of the task's letters, in any order and as often as needed.

        Returns
        -------
        Trials
            (T n, 1, channel) for n letters; its condition ``word`` is the text.

        Raises
        ------
        UnknownName, ValueRefused
            If the text is empty or has a letter that the task has not.
        """
        return self._stacked([self._row(self._indices(text))._replace(conditions={"word": text})])

    def letters_of(self, text: str) -> Trials:
        """The letters of a word side by side, a trial each in the word's order, (T, n, channel); raises as `word` does."""
        return self._stacked([self._row([number]) for number in self._indices(text)])

    def apart(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs over a word, (T n, 3) or (T n, 1, 3), split into its letters, (T, n, 3).

        Raises
        ------
        ShapeError
            If they are no whole number of letters long.
        """
        steps = self.targets.shape[1]
        whole = real_array("outputs", outputs).reshape(-1, self.n_outputs)
        whole = real_array("outputs", whole, (len(whole) // steps * steps, 3), f"a letter with its hold takes {steps} steps")
        return whole.reshape(-1, steps, 3).transpose(1, 0, 2)

    def position(self, outputs: np.ndarray, start: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
        """Where the pen is, before the first step and after each, in letter heights: (T, ..., 3) becomes (T + 1, ..., 2)."""
        moved = np.cumsum(np.asarray(outputs)[..., :2], axis=0) * self.dt
        return np.concatenate([np.zeros_like(moved[:1]), moved]) + np.asarray(start)

    def ink(self, outputs: np.ndarray, start: tuple[float, float] = (0.0, 0.0)) -> list[np.ndarray]:
        """What the pen leaves on the paper.

        Parameters
        ----------
        outputs : (T, 3)
            Of one trial, or of a word.
        start : (float, float)
            Where the pen begins, in letter heights.

        Returns
        -------
        list of (P, 2) arrays
            A line for each time that the contact is above a half, in letter heights.
        """
        outputs = real_array("outputs", outputs, (-1, 3), "of one trial: outputs[:, 0]")
        points, down = self.position(outputs, start), outputs[:, 2] > 0.5
        edges = np.flatnonzero(np.diff(np.pad(down.astype(int), 1)))
        return [points[first : last + 1] for first, last in edges.reshape(-1, 2)]

    def shape_error(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """Root mean square distance of the written path from the target path, both from the same start, in letter heights, (B,).

        Over the steps at which the pen should touch the paper; over all, where it never should.
        """
        return self._distance(np.asarray(outputs) - trials.targets, trials)

    def score(self, outputs: np.ndarray, trials: Trials) -> np.ndarray:
        """1 minus the error of the shape over that of a resting pen, times the share of steps with the right contact, (B,)."""
        resting = self._distance(trials.targets, trials)
        shape = 1 - self.shape_error(outputs, trials) / np.where(resting > 0, resting, 1)
        contact = ((outputs[..., 2] > 0.5) == (trials.targets[..., 2] > 0.5)).mean(axis=0)
        return np.clip(np.nan_to_num(shape, nan=0.0, posinf=0.0, neginf=0.0), 0, 1) * contact

    def _distance(self, velocity: np.ndarray, trials: Trials) -> np.ndarray:
        """Root mean square distance to which a velocity leads, (B,)."""
        down = trials.targets[..., 2] > 0.5
        counted = down | ~down.any(axis=0)
        square = (self.position(velocity)[1:] ** 2).sum(axis=2)
        return np.sqrt((counted * square).sum(axis=0) / counted.sum(axis=0))

    def _indices(self, text: str) -> list[int]:
        if not isinstance(text, str) or not text:
            raise ValueRefused(f"a word must be text with at least one letter, got {text!r}; there are {', '.join(self.letters)}")
        for letter in text:
            if letter not in self.letters:
                raise UnknownName.among("letter", letter, self.letters)
        return [self.letters.index(letter) for letter in text]

    def _row(self, numbers: list[int]) -> Trial:
        """Letters in a row; the condition is the first one's number."""
        inputs = np.zeros((len(numbers), self.targets.shape[1], self.n_inputs))
        for place, number in enumerate(numbers):
            inputs[place, : self.letter_steps, number] = 1
        return Trial(inputs.reshape(-1, self.n_inputs), self.targets[numbers].reshape(-1, 3), conditions={"letter": numbers[0]})
