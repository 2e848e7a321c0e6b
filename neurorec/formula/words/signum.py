"""-1, 0 or 1; flat everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from neurorec.formula.words.base import AbstractWord

if TYPE_CHECKING:
    import torch


class signum(AbstractWord):
    """-1, 0 or 1; flat everywhere."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Zero: the jump has measure zero."""
        return sympy.Integer(0)

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return np.sign(x)

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return x.sign()

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return f"sign({argument})"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""
        zero, one = precision.real(0), precision.real(1)

        def signum(x):
            return one if x > zero else (-one if x < zero else x)

        return signum
