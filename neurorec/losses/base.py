"""What a loss is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np


class AbstractLoss(ABC):
    """Loss of one time step; `neurorec.trials.Trials.weight` sums it over time and trials.

    Both functions are plain array code that Numba compiles as it stands.
    """

    @staticmethod
    @abstractmethod
    def value(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Loss of each row of ``outputs (rows, O)``, (rows,)."""

    @staticmethod
    @abstractmethod
    def error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Minus the derivative of `value` by the outputs, (rows, O)."""
