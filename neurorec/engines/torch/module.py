"""A torch module's steps, with its weights taken from a vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from neurorec.engines.base import Stimulus
from neurorec.engines.torch.place import Place
from neurorec.engines.torch.unit import Rows
from neurorec.errors import NotOffered
from neurorec.networks.module_network import ModuleNetwork


class Unrolled(torch.nn.Module):
    """All steps of an architecture as one call, which is what torch can make with other weights than the module's own."""

    def __init__(self, architecture: torch.nn.Module, steps: Callable[..., list[Rows]]) -> None:
        super().__init__()
        self.architecture, self.steps = architecture, steps

    def forward(self, *arguments: Any) -> list[Rows]:
        """States before and after every step."""
        return self.steps(self.architecture, *arguments)


def module_states(place: Place, network: ModuleNetwork, w: Any, stimulus: Stimulus) -> Sequence[Rows]:
    """The module through all steps, from `w`: `Weights` whose vector is a tensor."""
    given = [place.tensor(stimulus.inputs), place.tensor(stimulus.initial).unbind()]
    if stimulus.noise is None:
        module = Unrolled(network.module(), at_work)
    else:
        module = Unrolled(network.module(), in_training)
        given.append(place.tensor(stimulus.noise.rows(stimulus.inputs.dtype)))
    weights = {f"architecture.{name}": w.view(name) for name in network.weights}
    rest = {name: value.to(place.device) for name, value in module.named_buffers() if name not in weights}
    states = torch.func.functional_call(module, {**weights, **rest}, tuple(given))
    if any(row.shape != states[0][0].shape for row in states[-1]):
        raise NotOffered(f"{network.architecture}.step must give states of the shape that it got, {tuple(states[0][0].shape)}, each")
    return states


def at_work(architecture: Any, inputs: torch.Tensor, initial: Rows) -> list[Rows]:
    """Step after step, from ``inputs (T, B, I)``."""
    states: list[Rows] = [tuple(initial)]
    for x in inputs:
        states.append(tuple(architecture.step(x, states[-1])))
    return states


def in_training(architecture: Any, inputs: torch.Tensor, initial: Rows, draws: torch.Tensor) -> list[Rows]:
    """The steps that the architecture has for training, with ``draws (T, B, N)``."""
    return architecture.training_steps(inputs, initial, draws)
