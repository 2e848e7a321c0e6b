"""What a plasticity is: how reward changes what the loop reads."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np


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
