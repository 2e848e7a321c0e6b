"""The argument itself, with slope zero: the reset of e-prop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import sympy

from neurorec.formula.words.base import AbstractWord

if TYPE_CHECKING:
    import numpy as np
    import torch


class stop_gradient(AbstractWord):
    """The argument itself, with slope zero: the reset of e-prop."""

    exact: ClassVar[bool] = False

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Zero."""
        return sympy.Integer(0)

    @staticmethod
    def on_arrays(x: np.ndarray) -> np.ndarray:
        """As `AbstractWord.on_arrays`."""
        return x

    @staticmethod
    def on_tensors(x: torch.Tensor) -> torch.Tensor:
        """As `AbstractWord.on_tensors`."""
        return x.detach()

    @staticmethod
    def in_brian2(argument: str) -> str:
        """As `AbstractWord.in_brian2`."""
        return argument

    @staticmethod
    def compiled(precision: Any) -> Callable:
        """As `AbstractWord.compiled`."""

        def stop_gradient(x):
            return x

        return stop_gradient
