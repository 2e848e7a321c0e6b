"""Where a loop stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.circuits.box import Box

KEPT = 64  # syllables that are remembered: more than any context reaches back
NO_SYLLABLE = -1  # in a file, before the first


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

    def vector(self) -> np.ndarray:
        """All of it, (KEPT + size of `at` + k N,) of float64, which holds whole numbers and float32 exactly."""
        return np.concatenate([[NO_SYLLABLE] * (KEPT - len(self.history)), self.history, self.at, self.state.ravel()])

    @classmethod
    def from_vector(cls, vector: np.ndarray, rest: np.ndarray) -> Course:
        """The course that `vector` told, of a network whose states have the shape and type of `rest`."""
        history, at, state = np.split(vector, [KEPT, len(vector) - rest.size])
        return cls(state.astype(rest.dtype).reshape(rest.shape), [int(s) for s in history if s != NO_SYLLABLE], at)
