"""The readout's signs."""

from __future__ import annotations

import numpy as np

from neurorec.feedbacks.base import AbstractFeedback


class SignSymmetric(AbstractFeedback):
    """The readout's signs, transposed, without its sizes (Liao 2016, arXiv 1510.05067)."""

    @staticmethod
    def element(readout: np.ndarray, feedback: np.ndarray) -> np.ndarray:
        """B = sign(readout.T)."""
        return np.sign(readout)
