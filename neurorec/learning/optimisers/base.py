"""What an optimiser is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np


class AbstractOptimiser(ABC):
    """An optimiser: a frozen dataclass whose fields are its settings, all floats.

    Attributes
    ----------
    slots : tuple of str
        Arrays it remembers, each as long as the weights, zero at the start.
    usual_rate : float
        A learning rate to begin with, where none was found for a task.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    usual_rate: ClassVar[float] = 0.03

    @staticmethod
    @abstractmethod
    def step(weights: np.ndarray, change: np.ndarray, slots: np.ndarray, rates: np.ndarray, count: int, settings: tuple) -> None:
        """Change ``weights`` (and ``slots``) in place; plain array code that Numba compiles as it stands.

        weights   (P,)       all weights of the network, flat
        change    (P,)       a rule's change: the direction that lowers the loss
        slots     (S, P)     what is remembered
        rates     (P,)       learning rates; 0 where a weight is not plastic
        count     from 1     number of this update
        settings  tuple      the fields, in their order
        """
