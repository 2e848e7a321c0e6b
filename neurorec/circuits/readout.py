"""The winner-take-all readout: which syllable is next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from neurorec.circuits.box import Box
from neurorec.circuits.contexts.base import AbstractContext
from neurorec.circuits.loop_state import LoopState
from neurorec.circuits.plasticities.base import AbstractPlasticity


@final
class Readout:
    """Units that compete for the next syllable, one each; the winner is the most strongly driven one.

    Parameters
    ----------
    context : AbstractContext
        Which cells project to the units.
    plasticity : AbstractPlasticity
        How reward changes their weights.
    outputs : int
        What the network sends, K N.
    syllables : int
    refractory : int
        How many of the last syllables cannot win again.
    box : Box, optional
        A syllable that would lead out of it cannot win.
    rng : numpy.random.Generator
        Of the first weights, and of the context's own.

    Attributes
    ----------
    weights : (syllables, cells) array
        Ws, uniform between -1 / sqrt(cells) and 1 / sqrt(cells) at first.
    """

    def __init__(
        self,
        context: AbstractContext,
        plasticity: AbstractPlasticity,
        outputs: int,
        syllables: int,
        refractory: int,
        box: Box | None,
        rng: np.random.Generator,
    ):
        self._code = context.code(outputs, syllables, rng)
        shape = syllables, context.count(outputs)
        self.weights = rng.uniform(-1, 1, shape) / np.sqrt(shape[1])
        self._plasticity, self._refractory, self._box = plasticity, refractory, box

    def cells(self, sent: np.ndarray, history: Sequence[int]) -> np.ndarray:
        """Activity of the presynaptic cells, (cells,), when the network sends `sent`, (K N,), at the end of the last syllable."""
        return self._code(sent, history)

    def winner(self, cells: np.ndarray, allowed: np.ndarray) -> int:
        """The most strongly driven of the allowed units: z = Ws c."""
        return int(np.where(allowed, self.weights @ cells, -np.inf).argmax())

    def allowed(self, state: LoopState) -> np.ndarray:
        """Which units may win, (syllables,) of bool: those within the box, and of them those that are not refractory, if any is left."""
        allowed = np.ones(len(self.weights), bool) if self._box is None else self._box.inside(state.position)
        rested = allowed.copy()
        rested[state.history[len(state.history) - self._refractory :]] = False
        return rested if rested.any() else allowed

    def learn(self, winner: int, cells: np.ndarray, rewarded: bool) -> None:
        """Change the weights after a transition."""
        self._plasticity.change(self.weights, winner, cells, rewarded)
