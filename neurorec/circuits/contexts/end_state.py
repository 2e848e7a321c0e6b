"""The network itself projects to the readout, as in the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from neurorec.circuits.contexts.base import AbstractContext, Code


@final
@dataclass(frozen=True)
class EndState(AbstractContext):
    """Every unit of the network, in the state in which a syllable ends (Murray 2019, Fig 4).

    The state of a network that has settled into a movement, or a hold, holds little of the movement before. The loop then is a
    chain of first order: each syllable can have one successor.
    """

    def count(self, outputs: int) -> int:
        """One a unit and output."""
        return outputs

    def code(self, outputs: int, syllables: int, rng: np.random.Generator) -> Code:
        """What the units send, as it is."""
        return _as_it_is


def _as_it_is(sent: np.ndarray, history: Sequence[int]) -> np.ndarray:
    return sent
