"""1 where the argument is positive, else 0; rules learn through the surrogate slope `triangle`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import sympy

from neurorec.formula.words.base import AbstractWord
from neurorec.formula.words.heaviside import heaviside
from neurorec.formula.words.triangle import triangle

if TYPE_CHECKING:
    import numpy as np
    import torch


class spike(AbstractWord):
    """1 where the argument is positive, else 0; rules learn through the surrogate slope `triangle`."""

    exact: ClassVar[bool] = False

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The surrogate."""
        return triangle(self.args[0])

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return heaviside.on_arrays(x)

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return _through_surrogate(x)

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return f"int({argument} > 0)"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""
        zero, one = precision.real(0), precision.real(1)

        def spike(x):
            return one if x > zero else zero

        return spike


def _through_surrogate(x: torch.Tensor) -> torch.Tensor:
    """The values, and a term that is 0 and has the surrogate's slope."""
    slope = triangle.on_tensors(x) * x.clamp(-1, 1)  # beyond which the surrogate is 0
    return heaviside.on_tensors(x) + (slope - slope.detach())
