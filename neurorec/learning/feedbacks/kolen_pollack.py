"""Feedback that learns with the readout."""

from __future__ import annotations

import numpy as np

from neurorec.learning.feedbacks.base import AbstractFeedback


class KolenPollack(AbstractFeedback):
    """Feedback weights that change by the transpose of the readout's change; under weight decay the two converge (Kolen and Pollack 1994; Akrout 2019)."""

    plastic = True

    @staticmethod
    def element(readout: np.ndarray, feedback: np.ndarray) -> np.ndarray:
        """B = feedback, as it has become."""
        return feedback
