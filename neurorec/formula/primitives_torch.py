"""Sympy's own functions in a printed formula, for torch tensors."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import torch

__all__ = ["cos", "exp", "log", "of_numbers_too", "sin", "sqrt", "tanh"]


def of_numbers_too(function: Callable[..., torch.Tensor]) -> Callable:
    """The function of tensors, for numbers as well: a formula may hold sqrt(2)."""

    @wraps(function)
    def of_either(*given: torch.Tensor | float) -> torch.Tensor:
        return function(*(x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64) for x in given))

    return of_either


cos, exp, log, sin, sqrt, tanh = map(of_numbers_too, (torch.cos, torch.exp, torch.log, torch.sin, torch.sqrt, torch.tanh))
