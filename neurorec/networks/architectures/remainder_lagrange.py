"""Training by Taylor remainder: Lagrange's form."""

from __future__ import annotations

from typing import final

import torch

from neurorec.networks.architectures._disturbed import AbstractDisturbed, uniform


@final
class RemainderLagrange(AbstractDisturbed):
    """During training, a tanh has another Taylor remainder than its own: **a reconstruction**, not the published method.

    Guan et al. ("Mind the Remainder", IEEE TNNLS 2022, doi:10.1109/tnnls.2020.3042537) say in their abstract that a recurrent
    network is a finite Taylor series whose remainder gradient descent cannot reach, that they estimate its range, sample it
    and inject the sample while training, and that the network is unchanged at test time. No more of the method was at hand: which
    remainder, which range and where it goes in are ours. Here, from a step to the next, with ``D = a(t) - a(t-1)``,

        tanh(a(t)) = tanh(a(t-1)) + tanh'(a(t-1)) D + 1/2 tanh''(c) D^2    for one c between a(t-1) and a(t),

    and c is drawn uniformly from between the two. Added is `strength` times what that changes.

    Parameters
    ----------
    inputs, units, cell, strength
        As for `neurorec.networks.architectures._disturbed.AbstractDisturbed`: `cell` is ``"torch_rnn"`` or ``"torch_lstm"``.
    """

    def sample(self, before: torch.Tensor, after: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
        """The expansion at a random c, less the tanh itself."""
        change, start = after - before, torch.tanh(before)
        second = curvature(before + uniform(draw) * change)
        return start + (1 - start**2) * change + second * change**2 / 2 - torch.tanh(after)


def curvature(c: torch.Tensor) -> torch.Tensor:
    """tanh''(c)."""
    value = torch.tanh(c)
    return -2 * value * (1 - value**2)
