"""torch's own recurrent layers: an input for those without one, and what reaches their gates."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import linear


def with_a_channel(x: torch.Tensor) -> torch.Tensor:
    """Inputs (B, I); where I is 0, (B, 1) zeros, as torch's layers need an input."""
    return x if x.shape[1] else x.new_zeros(len(x), 1)


def drive(layer: Any, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """Both products and both biases of a one-layer module, gate after gate: (B, gates N)."""
    return linear(with_a_channel(x), layer.weight_ih_l0, layer.bias_ih_l0) + linear(h, layer.weight_hh_l0, layer.bias_hh_l0)
