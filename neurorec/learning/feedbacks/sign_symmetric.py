"""The readout's signs."""

from __future__ import annotations

import numpy as np

from neurorec.learning.feedbacks.base import AbstractFeedback

ONE = np.float32(1)


class SignSymmetric(AbstractFeedback):
    """The readout's signs, transposed, without its sizes (Liao 2016, arXiv 1510.05067)."""

    @staticmethod
    def element(readout: np.ndarray, feedback: np.ndarray) -> np.ndarray:
        """B = sign(readout.T)."""
        return (readout > 0) * ONE - (readout < 0) * ONE  # which every engine compiles, as it does not np.sign
