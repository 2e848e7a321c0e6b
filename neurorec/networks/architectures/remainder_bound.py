"""Training by Taylor remainder: the bound."""

from __future__ import annotations

from math import sqrt
from typing import final

import torch

from neurorec.networks.architectures._disturbed import AbstractDisturbed, uniform

STEEPEST = 4 / (3 * sqrt(3))  # max |tanh''|


@final
class RemainderBound(AbstractDisturbed):
    """During training, a tanh is disturbed within the bound of its Taylor remainder: **a reconstruction**, as `remainder_lagrange`.

    The remainder from a step to the next is at most ``1/2 M D^2``, ``M = max |tanh''| = 4 / (3 sqrt(3))``, ``D = a(t) - a(t-1)``. Added
    is `strength` times a number drawn uniformly between minus and plus that bound (between -1 and 1 where it is larger).

    Parameters
    ----------
    inputs, units, cell, strength
        As for `remainder_lagrange`.
    """

    def sample(self, before: torch.Tensor, after: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        """Uniform within the bound."""
        bound = (STEEPEST * (after - before) ** 2 / 2).clamp(max=1)
        return (2 * uniform(draw) - 1) * bound
