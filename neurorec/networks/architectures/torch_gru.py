"""torch's own `nn.GRU`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from neurorec.networks.architectures._torch_layer import with_a_channel
from neurorec.networks.architectures.base import AbstractArchitecture


class TorchGRU(AbstractArchitecture):
    """Gated recurrent units as ``torch.nn.GRU`` computes them, one layer, from a state of zeros.

    Parameters
    ----------
    inputs, units : int
        Without inputs it gets one silent channel.
    """

    states = ("h",)

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.layer: Any = torch.nn.GRU(max(inputs, 1), units)

    def initial(self, batch: int) -> Sequence[torch.Tensor]:
        """Zeros."""
        return (self.layer.weight_hh_l0.new_zeros(batch, self.layer.hidden_size),)

    def step(self, x: torch.Tensor, state: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """h one step later."""
        _, h = self.layer(with_a_channel(x)[None], state[0][None])
        return (h[0],)
