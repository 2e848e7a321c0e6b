"""One step of many states at once, on tensors: of cells, and of architectures. Rows R are (time, trial)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, final

import numpy as np
import torch

from neurorec.engines.base import Stimulus
from neurorec.engines.torch.forward import beside, external_part, noise_of
from neurorec.engines.torch.place import Place
from neurorec.engines.torch.unit import Unit
from neurorec.errors import NotOffered
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.network import Network

Some = slice | np.ndarray


class AbstractSteps(ABC):
    """The function f of s(t) = f(s(t-1), x(t)), of any rows."""

    @abstractmethod
    def after(self, before: torch.Tensor, some: Some, received: torch.Tensor) -> torch.Tensor:
        """States (k, R, N) after each step.

        Parameters
        ----------
        before : (k, R, N) tensor
        some : slice or int array
            Which rows they are, of all.
        received : (k, R, N) tensor
            The states that other units see: the same, or cut off from the graph where a rule does not look through them.
        """

    @abstractmethod
    def emitted(self, states: torch.Tensor) -> torch.Tensor:
        """What other units and the readout see, (K, R, N)."""

    @abstractmethod
    def drives(self, before: torch.Tensor) -> torch.Tensor:
        """What reached each drive argument of a formula, (ports, R, N), of all rows."""


@final
class CellSteps(AbstractSteps):
    """Of a cell's formula; `w` is `Weights` whose vector is a tensor."""

    def __init__(self, place: Place, network: Network, w: Any, stimulus: Stimulus) -> None:
        self.unit, self.recurrent = Unit(network, w.parameters), w.recurrent
        external = external_part(w, place.tensor(stimulus.inputs), noise_of(place, stimulus)).flatten(0, 1)
        self.external = external.unflatten(-1, (-1, network.units)).movedim(1, 0)  # (D, R, N)

    def after(self, before: torch.Tensor, some: Some, received: torch.Tensor) -> torch.Tensor:
        """As the contract says."""
        return torch.stack(self.unit.step(before.unbind(), self._drives(received, some)))

    def emitted(self, states: torch.Tensor) -> torch.Tensor:
        """As the contract says."""
        return torch.stack(self.unit.output(states.unbind()))

    def drives(self, before: torch.Tensor) -> torch.Tensor:
        """As the contract says."""
        return torch.stack(self._drives(before, slice(None)))

    def _drives(self, received: torch.Tensor, some: Some) -> list[torch.Tensor]:
        from_units = torch.nn.functional.linear(beside(self.unit.output(received.unbind())), self.recurrent)
        by_drive = from_units.unflatten(-1, (len(self.external), -1)).unbind(-2)
        return self.unit.drives(by_drive, self.external[:, some].unbind())


@final
class ModuleSteps(AbstractSteps):
    """Of a torch module; as other units see its first state, and a rule that does not look through units cannot be told of it."""

    def __init__(self, place: Place, network: ModuleNetwork, w: Any, stimulus: Stimulus) -> None:
        if stimulus.noise is not None:
            raise NotOffered(
                f"{network.architecture} disturbs its steps in training, one after another; use engine='torch', or evaluate without learning"
            )
        self.once, self.inputs = Once(network.module()), place.tensor(stimulus.inputs).flatten(0, 1)
        weights = {f"architecture.{name}": w.view(name) for name in network.weights}
        rest = {name: value.to(place.device) for name, value in self.once.named_buffers() if name not in weights}
        self.weights = {**weights, **rest}

    def after(self, before: torch.Tensor, some: Some, received: torch.Tensor) -> torch.Tensor:
        """As the contract says."""
        return torch.stack(list(torch.func.functional_call(self.once, self.weights, (self.inputs[some], before.unbind()))))

    def emitted(self, states: torch.Tensor) -> torch.Tensor:
        """Its first state."""
        return states[:1]

    def drives(self, before: torch.Tensor) -> torch.Tensor:
        """None: they are its own affair."""
        return before[:0]


class Once(torch.nn.Module):
    """A step of an architecture as a call, which torch can make with other weights than the module's own."""

    def __init__(self, architecture: torch.nn.Module) -> None:
        super().__init__()
        self.architecture: Any = architecture

    def forward(self, x: torch.Tensor, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """States after it."""
        return tuple(self.architecture.step(x, state))


def steps_of(place: Place, network: AbstractNetwork, w: Any, stimulus: Stimulus) -> AbstractSteps:
    """By the kind of network."""
    if isinstance(network, ModuleNetwork):
        return ModuleSteps(place, network, w, stimulus)
    assert isinstance(network, Network), "engines refuse what they do not take"
    return CellSteps(place, network, w, stimulus)
