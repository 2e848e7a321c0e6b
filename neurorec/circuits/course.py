"""Where a loop stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.circuits.box import Box

KEPT = 64  # syllables that are remembered: more than any context reaches back


@dataclass
class Course:
    """The state of the network, and what was done.

    Attributes
    ----------
    state : (k, 1, N) array
        In which the next syllable begins.
    history : list of int
        The last syllables; the last of them is under way or next.
    at : array
        Where they have led, if there is a box.
    """

    state: np.ndarray
    history: list[int]
    at: np.ndarray

    @classmethod
    def begun(cls, state: np.ndarray, first: int, box: Box | None) -> Course:
        """With the first syllable ahead."""
        return cls(state, [first], np.zeros(0) if box is None else box.ways[first].copy())

    def go_on(self, syllable: int, box: Box | None) -> None:
        """With another one ahead."""
        self.history = [*self.history[-KEPT + 1 :], syllable]
        if box is not None:
            self.at = self.at + box.ways[syllable]
