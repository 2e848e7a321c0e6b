"""Magnitude of a real argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from neurorec.formula.words.base import AbstractWord
from neurorec.formula.words.signum import signum

if TYPE_CHECKING:
    import torch


class absolute(AbstractWord):
    """Magnitude of a real argument."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """`signum`."""
        return signum(self.args[0])

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return np.absolute(x)

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return x.abs()

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return f"abs({argument})"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""

        def absolute(x):
            return abs(x)

        return absolute
