"""The state of a loop between two syllables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.circuits.box import Box

REMEMBERED = 64  # syllables of the history that are kept: more than any context reaches back
NO_SYLLABLE = -1  # in a file, before the first


@dataclass
class LoopState:
    """Where the next syllable begins.

    Attributes
    ----------
    units : (k, 1, N) array
        States of the network's units.
    history : list of int
        The last syllables; the last of them is under way or next.
    position : array
        Where they have led the cursor, if there is a box.
    """

    units: np.ndarray
    history: list[int]
    position: np.ndarray

    @classmethod
    def initial(cls, units: np.ndarray, first: int, box: Box | None) -> LoopState:
        """Before the first syllable."""
        return cls(units, [first], np.zeros(0) if box is None else box.ways[first].copy())

    def append(self, syllable: int, box: Box | None) -> None:
        """Choose the next syllable."""
        self.history = [*self.history[-REMEMBERED + 1 :], syllable]
        if box is not None:
            self.position = self.position + box.ways[syllable]

    def vector(self) -> np.ndarray:
        """All of it as the file stores it, (REMEMBERED + size of `position` + k N,) of float64, which holds whole numbers and float32 exactly."""
        return np.concatenate([[NO_SYLLABLE] * (REMEMBERED - len(self.history)), self.history, self.position, self.units.ravel()])

    @classmethod
    def from_vector(cls, vector: np.ndarray, rest: np.ndarray) -> LoopState:
        """The state that `vector` described, of a network whose states have the shape and type of `rest`."""
        history, position, units = np.split(vector, [REMEMBERED, len(vector) - rest.size])
        return cls(units.astype(rest.dtype).reshape(rest.shape), [int(s) for s in history if s != NO_SYLLABLE], position)
