"""Stochastic bilevel recurrent network, by gradient descent."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from neurorec.arrays import positive
from neurorec.networks.architectures._lower_level import LowerLevel
from neurorec.networks.architectures.base import AbstractArchitecture


class SBO(AbstractArchitecture):
    """SBO-RNN (Zhang 2021, NeurIPS): at every step the state goes once down the gradient of a problem that the input poses.

    ``h <- h - eta dF/dh``, ``F(h) = 1/2 |h - relu(W h + V x + b)|^2``, from a state of zeros. W is learnt, as the equations have it.

    Parameters
    ----------
    inputs, units : int
        Sizes I and N.
    rank : int, optional
        ``W = I + P Q``, of this rank (*dense*). None: ``W = w I``, one number (*sparse*).
    eta : float
        Step size; not learnt.
    """

    states = ("h",)

    def __init__(self, inputs: int, units: int, rank: int | None = 16, eta: float = 1e-3) -> None:
        super().__init__()
        self.lower, self.eta = LowerLevel(inputs, units, rank), positive("eta", eta)

    def initial(self, batch: int) -> Sequence[torch.Tensor]:
        """Zeros."""
        return (self.lower.zeros(batch),)

    def step(self, x: torch.Tensor, state: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """h one step later."""
        (h,) = state
        return (h - self.eta * self.lower.gradient(h, x),)
