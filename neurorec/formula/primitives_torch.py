"""The functions that a printed formula calls, for torch tensors; each has the derivative that ``formula/vocabulary.py`` gives it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import torch

__all__ = [
    "absolute",
    "cos",
    "exp",
    "heaviside",
    "log",
    "relu",
    "sigmoid",
    "signum",
    "sin",
    "softplus",
    "spike",
    "sqrt",
    "stop_gradient",
    "tanh",
    "triangle",
]


def of_numbers_too(function: Callable[[torch.Tensor], torch.Tensor]) -> Callable:
    """The function of tensors, for numbers as well: a formula may hold sqrt(2)."""

    @wraps(function)
    def of_either(x: torch.Tensor | float) -> torch.Tensor:
        return function(x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64))

    return of_either


@of_numbers_too
def heaviside(x: torch.Tensor) -> torch.Tensor:
    """1 where `x` > 0, else 0; flat."""
    return (x > 0).to(x.dtype)


@of_numbers_too
def sigmoid(x: torch.Tensor) -> torch.Tensor:
    """Logistic function."""
    return torch.sigmoid(x)


@of_numbers_too
def softplus(x: torch.Tensor) -> torch.Tensor:
    """log(1 + exp(x)) without overflow; torch's own switches to x at 20, which is visible in float64."""
    return torch.logaddexp(x, torch.zeros_like(x))


@of_numbers_too
def triangle(x: torch.Tensor) -> torch.Tensor:
    """Surrogate slope of a spike; flat itself."""
    return 0.3 * torch.relu(1 - torch.abs(x.detach()))


@of_numbers_too
def stop_gradient(x: torch.Tensor) -> torch.Tensor:
    """The same numbers, detached: derivative zero."""
    return x.detach()


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return heaviside(x)

    @staticmethod
    def backward(ctx, *adjoints):
        (x,) = ctx.saved_tensors
        return adjoints[0] * triangle(x)


@of_numbers_too
def spike(x: torch.Tensor) -> torch.Tensor:
    """1 where `x` > 0, else 0; its derivative is the surrogate."""
    return _Spike.apply(x)


absolute, relu, signum, sqrt = (of_numbers_too(each) for each in (torch.abs, torch.relu, torch.sign, torch.sqrt))
cos, exp, log, sin, tanh = (of_numbers_too(each) for each in (torch.cos, torch.exp, torch.log, torch.sin, torch.tanh))
