"""A torch module's steps, with its weights taken from a vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from neurorec.engines.base import Stimulus
from neurorec.engines.torch.place import Place
from neurorec.engines.torch.unit import Rows
from neurorec.errors import NotOffered
from neurorec.module_network import ModuleNetwork


class Unrolled(torch.nn.Module):
    """All steps of an architecture as one call, which is what torch can make with other weights than the module's own."""

    def __init__(self, architecture: torch.nn.Module) -> None:
        super().__init__()
        self.architecture: Any = architecture

    def forward(self, inputs: torch.Tensor, initial: Rows) -> list[Rows]:
        """States before and after every step, from ``inputs (T, B, I)``."""
        states: list[Rows] = [tuple(initial)]
        for x in inputs:
            states.append(tuple(self.architecture.step(x, states[-1])))
        return states


def module_states(place: Place, network: ModuleNetwork, w: Any, stimulus: Stimulus) -> Sequence[Rows]:
    """The module through all steps, from `w`: `Weights` whose vector is a tensor."""
    module, weights = Unrolled(network.module()), {f"architecture.{name}": w.view(name) for name in network.weights}
    rest = {name: value.to(place.device) for name, value in module.named_buffers() if name not in weights}
    arguments = (place.tensor(stimulus.inputs), place.tensor(stimulus.initial).unbind())
    states = torch.func.functional_call(module, {**weights, **rest}, arguments)
    if any(row.shape != states[0][0].shape for row in states[-1]):
        raise NotOffered(f"{network.architecture}.step must give states of the shape that it got, {tuple(states[0][0].shape)}, each")
    return states
