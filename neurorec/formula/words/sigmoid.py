"""Logistic function, 1 / (1 + exp(-x))."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from neurorec.formula.words.base import AbstractWord

if TYPE_CHECKING:
    import torch


class sigmoid(AbstractWord):
    """Logistic function, 1 / (1 + exp(-x))."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """s (1 - s)."""
        return self * (1 - self)

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return (1 + np.tanh(x / 2)) / 2  # which cannot overflow

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return x.sigmoid()

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return f"(1 + tanh(({argument})/2))/2"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""
        half, tanh = precision.real(0.5), precision.tanh

        def sigmoid(x):
            return half + half * tanh(half * x)

        return sigmoid
