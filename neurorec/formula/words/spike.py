"""1 where the argument is zero or more, else 0; rules learn through a surrogate slope, which is the second argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import sympy

from neurorec.formula.words.base import AbstractWord
from neurorec.formula.words.triangle import triangle

if TYPE_CHECKING:
    import torch


class spike(AbstractWord):
    """1 where the argument is zero or more, else 0: ``spike(x, slope)`` with any surrogate slope, ``spike(x)`` with `triangle`.

    Nothing is learnt through what the slope itself depends on.
    """

    exact: ClassVar[bool] = False
    binary: ClassVar[bool] = True

    @classmethod
    def eval(cls, *args: sympy.Expr) -> sympy.Expr | None:
        """Of one argument, the form with both."""
        return cls(args[0], triangle(args[0])) if len(args) == 1 else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The surrogate, by the first argument."""
        return self.args[1] if argindex == 1 else sympy.Integer(0)

    @staticmethod
    def on_arrays(x: np.ndarray, slope: np.ndarray | None = None) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        del slope
        return np.where(x >= 0, x.dtype.type(1), x.dtype.type(0))

    @staticmethod
    def on_tensors(x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`: the values, and a term that is 0 and has the surrogate's slope."""
        return (x >= 0).to(x.dtype) + slope.detach() * (x - x.detach())

    @staticmethod
    def in_brian2(argument: str, slope: str = "") -> str:
        """As `AbstractWord.in_brian2`."""
        del slope
        return f"int({argument} >= 0)"

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""
        zero, one = precision.real(0), precision.real(1)

        def spike(x, slope):
            return one if x >= zero else zero

        return spike
