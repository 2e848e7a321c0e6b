"""A change of every weight, put together on the device."""

from __future__ import annotations

from typing import Any

import torch

from neurorec.networks.network import Network


def put_together(
    network: Network, w: Any, recurrent: torch.Tensor, input: torch.Tensor, bias: torch.Tensor, readout: torch.Tensor, plastic: torch.Tensor
) -> Any:
    """`Weights` whose vector is a tensor, like `w`, from the parts; `plastic` has a row for each plastic parameter."""
    change = w.like(torch.zeros_like(w.vector))
    for name, part in (("recurrent", recurrent), ("input", input), ("bias", bias), ("readout", readout), ("feedback", readout.T)):
        change.view(name).copy_(part)
    for name, row in zip(network.formula.plastic, plastic, strict=True):
        change.parameters[network.formula.parameters.index(name)] = row
    return change
