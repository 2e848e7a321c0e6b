"""What a feedback is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np


class AbstractFeedback(ABC):
    """How the error reaches a unit: B(t), (K N, O), from the readout and the network's feedback weights.

    One with settings is a frozen dataclass of numbers, and its `element` a method that reads them from ``self``.

    Attributes
    ----------
    plastic : bool
        Whether the feedback weights change with the readout, by the transpose of its change.
    """

    plastic: ClassVar[bool] = False

    @staticmethod
    @abstractmethod
    def element(readout: np.ndarray, feedback: np.ndarray) -> np.ndarray:
        """B from ``readout.T`` and ``feedback``, both (K N, O), element by element; plain code that Numba compiles as it stands."""
