"""A workload as torch's users hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neurorec.timing.workload import Workload

if TYPE_CHECKING:
    import torch


class Tensors(NamedTuple):
    """Weights, which are plastic, and trials."""

    recurrent: torch.Tensor
    input: torch.Tensor
    readout: torch.Tensor
    x: torch.Tensor
    target: torch.Tensor
    initial: torch.Tensor
    alpha: float

    @property
    def plastic(self) -> list[torch.Tensor]:
        return [self.recurrent, self.input, self.readout]

    @property
    def samples(self) -> int:
        return self.x.shape[0] * self.x.shape[1]


def tensors(work: Workload, dtype: type, device: str = "cpu") -> Tensors:
    """Of a workload, on one thread."""
    import torch

    torch.set_num_threads(1)
    network, trials = work.network, work.trials
    initial = np.tile(network.initial, (trials.count, 1))
    arrays = (network.recurrent, network.input, network.readout, trials.inputs, trials.targets, initial)
    made = [torch.tensor(each.astype(dtype), device=device) for each in arrays]
    for each in made[:3]:
        each.requires_grad_()
    return Tensors(*made, float(network.dt / network.per_unit("tau")[0]))


def change(loss: torch.Tensor, plastic: list[torch.Tensor]) -> np.ndarray:
    """Minus the gradient by the recurrent weights; all gradients are evaluated, as an optimiser needs them."""
    import torch

    return -torch.autograd.grad(loss, plastic)[0].cpu().numpy()
