"""Smooth rectifier, log(1 + exp(x)), without overflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from neurorec.formula.words.base import AbstractWord
from neurorec.formula.words.sigmoid import sigmoid

if TYPE_CHECKING:
    import torch


class softplus(AbstractWord):
    """Smooth rectifier, log(1 + exp(x)), without overflow."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """`sigmoid`."""
        return sigmoid(self.args[0])

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return np.logaddexp(x, x.dtype.type(0))

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return x.logaddexp(x.new_zeros(()))  # torch's own softplus is x from 20 on, which is visible in float64

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return f"(clip({argument}, 0, inf) + log(1 + exp(-abs({argument}))))"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""
        zero, exp, log1p = precision.real(0), precision.exp, precision.log1p

        def softplus(x):
            return (zero if x < zero else x) + log1p(exp(-abs(x)))

        return softplus
