"""Fixed random weights."""

from __future__ import annotations

import numpy as np

from neurorec.learning.feedbacks.base import AbstractFeedback


class Random(AbstractFeedback):
    """Fixed random weights (Lillicrap 2016, doi:10.1038/ncomms13276; Murray 2019)."""

    @staticmethod
    def element(readout: np.ndarray, feedback: np.ndarray) -> np.ndarray:
        """B = feedback."""
        return feedback
