"""Cells that stand for a movement in its context: what lets a syllable have several successors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.circuits.contexts.base import AbstractContext, Code
from neurorec.errors import ValueRefused

REACH = 16  # syllables that the trace goes back


@final
@dataclass(frozen=True)
class ConjunctiveCells(AbstractContext):
    """Between network and readout, a layer of cells that receive the network's output and a fading copy of the commands so far.

    The commands are the loop's own (an efference copy through the thalamus); each is remembered by a trace that shrinks by a factor
    with every further syllable. Fixed random weights mix trace and end state, and inhibition lets only the most strongly driven
    cells fire. Such a cell answers to a movement after particular other movements, as do cells of the monkey's medial premotor cortex
    (Tanji and Shima 1994, doi:10.1038/371413a0), and the few that fire hardly overlap between contexts, so that the same rewarded
    Hebbian rule can tie each to its own successor. Not from the paper, whose loop has `EndState` only.

    Parameters
    ----------
    cells : int
        How many.
    active : int
        How many of them fire.
    memory : float
        What is left of a command's trace after one more syllable, from 0 to 1.
    weight : float
        Of the trace beside the end state, which is brought to length 1.

    Raises
    ------
    ValueRefused
        If more should fire than there are, or the memory does not fade.
    """

    cells: int = 500
    active: int = 15
    memory: float = 0.7
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        whole("cells", self.cells)
        whole("active", self.active)
        positive("weight", self.weight)
        if self.active > self.cells:
            raise ValueRefused(f"active = {self.active} cells of {self.cells} cannot fire; lower it")
        if not 0 <= self.memory < 1:
            raise ValueRefused(f"memory must lie from 0 to below 1, got {self.memory!r}; at 1 the trace would never fade")

    def count(self, outputs: int) -> int:
        """As set."""
        return self.cells

    def code(self, outputs: int, syllables: int, rng: np.random.Generator) -> Code:
        """The few cells with the largest drive fire alike, at a rate that makes the activity's length 1."""
        of_state, of_trace = rng.standard_normal((self.cells, outputs)), rng.standard_normal((self.cells, syllables))

        def code(sent: np.ndarray, history: Sequence[int]) -> np.ndarray:
            trace = np.zeros(syllables)
            for back, syllable in enumerate(reversed(history[-1 - REACH : -1])):
                trace[syllable] += self.memory**back
            drive = of_state @ (sent / max(float(np.linalg.norm(sent)), 1e-12)) + self.weight * (of_trace @ trace)
            fires = np.zeros(self.cells)
            fires[np.argpartition(drive, -self.active)[-self.active :]] = self.active**-0.5
            return fires

        return code
