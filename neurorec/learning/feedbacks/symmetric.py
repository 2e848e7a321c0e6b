"""The readout's transpose."""

from __future__ import annotations

import numpy as np

from neurorec.learning.feedbacks.base import AbstractFeedback


class Symmetric(AbstractFeedback):
    """The readout's own weights, transposed: what backpropagation needs."""

    @staticmethod
    def element(readout: np.ndarray, feedback: np.ndarray) -> np.ndarray:
        """B = readout.T."""
        return readout
