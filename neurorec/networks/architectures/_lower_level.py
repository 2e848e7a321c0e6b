"""The problem that a state of SBO-RNN solves: F(h) = 1/2 |h - phi(h)|^2, phi(h) = relu(W h + V x + b)."""

from __future__ import annotations

import torch
from torch.nn.functional import linear

from neurorec.arrays import whole


class Dense(torch.nn.Module):
    """W = I + P Q.

    Parameters
    ----------
    units, rank : int
        P is (units, rank), Q (rank, units): both learnt, both U(-1, 1) / sqrt(units).
    """

    def __init__(self, units: int, rank: int) -> None:
        super().__init__()
        whole("rank", rank)
        self.P, self.Q = uniform(units, rank, like=units), uniform(rank, units, like=units)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """W h, (B, N); the N x N matrix is never formed."""
        return h + linear(linear(h, self.Q), self.P)

    def transposed(self, e: torch.Tensor) -> torch.Tensor:
        """W^T e, (B, N)."""
        return e + linear(linear(e, self.P.T), self.Q.T)


class Sparse(torch.nn.Module):
    """W = w I, one learnt number, zero at first."""

    def __init__(self) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(()))

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """W h, (B, N)."""
        return self.w * h

    def transposed(self, e: torch.Tensor) -> torch.Tensor:
        """W^T e, (B, N)."""
        return self.w * e


class LowerLevel(torch.nn.Module):
    """F and its gradient.

    Parameters
    ----------
    inputs, units : int
        V is (units, inputs) and b (units,): U(-1, 1) / sqrt(units).
    rank : int or None
        Of W - I; None: a sparse W.
    """

    def __init__(self, inputs: int, units: int, rank: int | None) -> None:
        super().__init__()
        self.W = Sparse() if rank is None else Dense(units, rank)
        self.V, self.b = uniform(units, inputs, like=units), uniform(units, like=units)

    def zeros(self, batch: int) -> torch.Tensor:
        """A state of zeros, (batch, N)."""
        return self.b.new_zeros(batch, len(self.b))

    def gradient(self, h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """dF/dh = e - W^T (phi' e), e = h - phi(h): a row (N,) a trial, without a matrix for each."""
        phi = torch.relu(self.W(h) + linear(x, self.V, self.b))
        e = h - phi
        return e - self.W.transposed((phi > 0) * e)


def uniform(*shape: int, like: int) -> torch.nn.Parameter:
    """U(-1, 1) / sqrt(like)."""
    return torch.nn.Parameter((2 * torch.rand(shape) - 1) / like**0.5)
