"""torch's own `nn.LSTM`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from neurorec.networks.architectures._torch_layer import drive, with_a_channel
from neurorec.networks.architectures.base import AbstractArchitecture


class TorchLSTM(AbstractArchitecture):
    """Long short-term memory as ``torch.nn.LSTM`` computes it, one layer, from a state of zeros.

    Parameters
    ----------
    inputs, units : int
        Without inputs it gets one silent channel.
    """

    states = ("h", "c")

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.layer: Any = torch.nn.LSTM(max(inputs, 1), units)

    def initial(self, batch: int) -> Sequence[torch.Tensor]:
        """Zeros."""
        zeros = self.layer.weight_hh_l0.new_zeros(batch, self.layer.hidden_size)
        return zeros, zeros

    def step(self, x: torch.Tensor, state: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """h and c, one step later."""
        _, (h, c) = self.layer(with_a_channel(x)[None], (state[0][None], state[1][None]))
        return h[0], c[0]

    def squashed(self, x: torch.Tensor, before: Sequence[torch.Tensor], after: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """h is a tanh: of what (c), and times what (the output gate); from the states before and after a step."""
        *_, gate = drive(self.layer, x, before[0]).chunk(4, dim=1)
        return after[1], torch.sigmoid(gate)
