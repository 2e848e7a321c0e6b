"""Pseudo-derivative of a spike, 0.3 max(0, 1 - abs(x)) (Bellec 2020, doi:10.1038/s41467-020-17236-y)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import sympy

from neurorec.formula.words.base import AbstractWord
from neurorec.formula.words.relu import relu

if TYPE_CHECKING:
    import torch


class triangle(AbstractWord):
    """Pseudo-derivative of a spike, 0.3 max(0, 1 - abs(x)) (Bellec 2020, doi:10.1038/s41467-020-17236-y)."""

    exact: ClassVar[bool] = False

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Zero: nothing is learnt through a surrogate's slope."""
        return sympy.Integer(0)

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return x.dtype.type(0.3) * relu.on_arrays(1 - np.absolute(x))

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return 0.3 * (1 - x.detach().abs()).relu()

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return f"0.3*clip(1 - abs({argument}), 0, inf)"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""
        zero, one, slope = precision.real(0), precision.real(1), precision.real(0.3)

        def triangle(x):
            rest = one - abs(x)
            return slope * (zero if rest < zero else rest)

        return triangle
