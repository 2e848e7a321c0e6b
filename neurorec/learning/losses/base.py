"""What a loss is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np


class AbstractLoss(ABC):
    """Loss of one time step; `neurorec.tasks.base.trials.Trials.weight` sums it over time and trials.

    Both functions are plain array code that Numba compiles as it stands. A loss with settings is a frozen dataclass of numbers, and
    they are methods that read them from ``self``.

    Attributes
    ----------
    link : str
        What stands between the readout and the target in `error`: ``"identity"`` (target - y) or ``"softmax"`` (target - softmax(y)
        times the sum of the targets), by which engines may compute it; or empty for an error of another form, with which weights cannot
        change at every step on a GPU.
    classes : bool
        Whether targets are classes, one-hot or as probabilities; else they are values.
    unit : str
        What it is counted in, on an axis; empty: its name says it.
    """

    link: ClassVar[str] = ""
    classes: ClassVar[bool] = False
    unit: ClassVar[str] = ""

    @staticmethod
    @abstractmethod
    def value(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Loss of each row of ``outputs (rows, O)``, (rows,)."""

    @classmethod
    def expect(cls, targets: np.ndarray, mask: np.ndarray) -> None:
        """Refuse ``targets (T, B, O)`` that mean nothing to this loss where ``mask (T, B)`` counts; here all mean something.

        Raises
        ------
        ValueRefused
            Saying what would do.
        """
        del targets, mask

    @staticmethod
    @abstractmethod
    def error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Minus the derivative of `value` by the outputs, (rows, O)."""
