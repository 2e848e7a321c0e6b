"""The positive part of the argument; NaN is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from neurorec.formula.words.base import AbstractWord
from neurorec.formula.words.heaviside import heaviside

if TYPE_CHECKING:
    import torch


class relu(AbstractWord):
    """The positive part of the argument; NaN is kept."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """`heaviside`."""
        return heaviside(self.args[0])

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return np.where(x < 0, x.dtype.type(0), x)

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return x.relu()

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return f"clip({argument}, 0, inf)"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""
        zero = precision.real(0)

        def relu(x):
            return zero if x < zero else x

        return relu
