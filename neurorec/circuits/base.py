"""The two parts of a loop that can be replaced: which cells project to the readout, and how its weights change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

Code = Callable[[np.ndarray, Sequence[int]], np.ndarray]


class AbstractContext(ABC):
    """Which cells project to the winner-take-all readout.

    A final dataclass; its fields are its settings, numbers all of them.
    """

    @abstractmethod
    def count(self, outputs: int) -> int:
        """How many cells there are, for a network of so many outputs K N."""

    @abstractmethod
    def code(self, outputs: int, syllables: int, rng: np.random.Generator) -> Code:
        """The cells, their fixed weights drawn from `rng`.

        Returns
        -------
        callable
            From what the network's units send at the end of a syllable, (K N,), and the syllables so far, the one that ends
            now last, to the activity of the cells, (count,).
        """


class AbstractPlasticity(ABC):
    """How the weights of the readout change when a transition was made.

    A final dataclass; its fields are its settings, numbers all of them.
    """

    @abstractmethod
    def change(self, weights: np.ndarray, winner: int, cells: np.ndarray, right: bool) -> None:
        """Change them in place.

        Parameters
        ----------
        weights : (syllables, cells) array
        winner : int
            The unit that was active alone.
        cells : (cells,) array
            Its presynaptic activity.
        right : bool
            Whether there was a reward.
        """
