"""What reaches the gates of torch's own layers."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import linear

from neurorec.networks.architectures._silent import with_a_channel


def drive(layer: Any, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """Both products and both biases of a one-layer module, gates beside each other: (B, gates N)."""
    return linear(with_a_channel(x), layer.weight_ih_l0, layer.bias_ih_l0) + linear(h, layer.weight_hh_l0, layer.bias_hh_l0)
