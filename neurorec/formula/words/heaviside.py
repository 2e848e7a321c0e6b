"""1 where the argument is positive, else 0; flat everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import sympy

from neurorec.formula.words.base import AbstractWord

if TYPE_CHECKING:
    import torch


class heaviside(AbstractWord):
    """1 where the argument is positive, else 0; flat everywhere."""

    binary: ClassVar[bool] = True

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Zero: the jump has measure zero."""
        return sympy.Integer(0)

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return np.where(x > 0, x.dtype.type(1), x.dtype.type(0))

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return (x > 0).to(x.dtype)

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return f"int({argument} > 0)"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""
        zero, one = precision.real(0), precision.real(1)

        def heaviside(x):
            return one if x > zero else zero

        return heaviside
