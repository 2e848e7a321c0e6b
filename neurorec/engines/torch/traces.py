"""What synapses remember, of all trials side by side: eligibility traces, and the influence of real-time recurrent learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from neurorec.engines.torch.unit import Linear
from neurorec.networks.network import Network


class LocalTrace:
    """The trace of a local rule, e(t) = D e(t-1) + F pre(t); dW = signal e.

    Parameters
    ----------
    network : Network
    w : Weights
        Whose vector is a tensor: of which float type and device the trace is.
    trials : int
    """

    def __init__(self, network: Network, w: Any, trials: int) -> None:
        states, drives, plastic = len(network.formula.states), network.formula.n_drives, len(network.formula.plastic)
        self.synaptic = w.vector.new_zeros((states, trials, drives, network.units, _presynaptic(w)))
        self.intrinsic = w.vector.new_zeros((states, plastic, trials, network.units))

    def advance(self, linear: Linear, emission: torch.Tensor, w: Any, pre: Sequence[torch.Tensor]) -> None:
        """One step; `emission` and `w` are for the term that a local rule drops."""
        del emission, w
        decay = linear.decay[:, :, :, None, :, None]
        self.synaptic = (decay * self.synaptic).sum(dim=1) + immediate(linear, pre)
        self.intrinsic = (linear.decay[:, :, None] * self.intrinsic).sum(dim=1) + linear.partial

    def change(self, signal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(D, N, presynaptic) and (plastic, N), summed over trials, from the learning signal of each state, (k, B, N)."""
        synaptic = (signal[:, :, None, :, None] * self.synaptic).sum(dim=(0, 1))
        return synaptic, (signal[:, None] * self.intrinsic).sum(dim=(0, 2))


class Influence:
    """ds/dW, whole: P(t) = (D(t) + F(t) W O) P(t-1) + F(t) pre(t).

    Parameters
    ----------
    network, w, trials
        As for `LocalTrace`.
    """

    def __init__(self, network: Network, w: Any, trials: int) -> None:
        states, drives, plastic = len(network.formula.states), network.formula.n_drives, len(network.formula.plastic)
        one = (states, network.units, trials)  # state j of unit n, in trial b; then by which weight (d, a, c) or (q, a)
        self.synaptic = w.vector.new_zeros((*one, drives, network.units, _presynaptic(w)))
        self.intrinsic = w.vector.new_zeros((*one, plastic, network.units))

    def advance(self, linear: Linear, emission: torch.Tensor, w: Any, pre: Sequence[torch.Tensor]) -> None:
        """One step, from the outputs' slope `emission` and the weights `w` that connect the units."""
        self.synaptic, self.intrinsic = (_carried(linear, emission, w, each) for each in (self.synaptic, self.intrinsic))
        own = torch.diagonal(self.synaptic, dim1=1, dim2=4)  # a weight acts at once on its own unit only
        own += immediate(linear, pre).movedim(3, -1)
        torch.diagonal(self.intrinsic, dim1=1, dim2=4).add_(linear.partial.movedim(1, 2))

    def change(self, signal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As `LocalTrace.change`."""
        return torch.einsum("jbn,jnbdac->dac", signal, self.synaptic), torch.einsum("jbn,jnbqa->qa", signal, self.intrinsic)


def immediate(linear: Linear, pre: Sequence[torch.Tensor]) -> torch.Tensor:
    """F pre(t): what this step's [o(t-1), x(t), 1] does to the states at once, (k, B, D, N, presynaptic)."""
    slopes = (linear.recurrent, linear.external, linear.external)
    parts = [slope.movedim(1, 2)[..., None] * each[:, None, None] for slope, each in zip(slopes, pre, strict=True)]
    return torch.cat(parts, dim=-1)


def _carried(linear: Linear, emission: torch.Tensor, w: Any, influence: torch.Tensor) -> torch.Tensor:
    units = influence.shape[1]
    blocks = w.recurrent.reshape(-1, units, w.recurrent.shape[1] // units, units)
    by_output = torch.einsum("klbm,lmb...->kmb...", emission, influence)
    through_units = torch.einsum("dnkm,kmb...->dnb...", blocks, by_output)
    own = torch.einsum("jlbn,lnb...->jnb...", linear.decay, influence)
    return own + torch.einsum("jdbn,dnb...->jnb...", linear.recurrent, through_units)


def _presynaptic(w: Any) -> int:
    return w.recurrent.shape[1] + w.input.shape[1] + 1
