"""The network's equations on tensors; what autograd goes back through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from neurorec.engines.base import Activity, Stimulus
from neurorec.engines.torch.module import module_states
from neurorec.engines.torch.place import Place
from neurorec.engines.torch.unit import Rows, Unit
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.network import Network


class Path:
    """Where units have been so far; index 0 of `states` and `emitted` is the initial state.

    Attributes
    ----------
    states, emitted, drives : list of Rows
        As in `Activity`, one entry a step; a torch module's drives are its own affair.
    """

    def __init__(self, states: Sequence[Rows], emitted: Sequence[Rows]) -> None:
        self.states, self.emitted, self.drives = list(states), list(emitted), list[Rows]()

    @classmethod
    def start(cls, unit: Unit, initial: torch.Tensor) -> Path:
        """From the initial state, (k, B, N)."""
        return cls([initial.unbind()], [unit.output(initial.unbind())])

    def advance(self, unit: Unit, recurrent: torch.Tensor, external: torch.Tensor) -> None:
        """One step: u = W o + external, s = step(s, u); `external` is (B, D N)."""
        recurrent_drive = torch.nn.functional.linear(beside(self.emitted[-1]), recurrent)
        self.drives.append(unit.drives(*(_by_drive(part, unit.formula.n_drives) for part in (recurrent_drive, external))))
        self.states.append(unit.step(self.states[-1], self.drives[-1]))
        self.emitted.append(unit.output(self.states[-1]))

    def activity(self, place: Place, readout: torch.Tensor) -> Activity:
        """All of it as arrays, with the readout (T, B, O)."""
        states, emitted = (place.array(together(each)) for each in (self.states, self.emitted))
        drives = place.array(together(self.drives)) if self.drives else np.zeros((len(readout), 0, *states.shape[2:]), states.dtype)
        return Activity(states, drives, emitted, place.array(readout))


def external_part(w: Any, inputs: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Win x + b + noise, (..., B, D N)."""
    return torch.nn.functional.linear(inputs, w.input, w.bias) + noise


def noise_of(place: Place, stimulus: Stimulus) -> torch.Tensor:
    """Noise of every drive, (T, B, D N); one silent number stands for all where there is none."""
    if stimulus.noise is None:
        return torch.zeros((len(stimulus.inputs), 1, 1), dtype=place.dtype, device=place.device)
    return place.tensor(stimulus.noise.rows(stimulus.inputs.dtype))


def unroll(place: Place, network: AbstractNetwork, w: Any, stimulus: Stimulus) -> Path:
    """A network through all steps, with the weights `w`: `Weights` whose vector is a tensor."""
    if isinstance(network, ModuleNetwork):
        states = module_states(place, network, w, stimulus)
        return Path(states, [each[:1] for each in states])
    assert isinstance(network, Network), "engines refuse what they do not take"
    return unroll_cells(place, network, w, stimulus)


def unroll_cells(place: Place, network: Network, w: Any, stimulus: Stimulus) -> Path:
    """Units through all steps."""
    unit, recurrent = Unit(network, w.parameters), w.recurrent
    path = Path.start(unit, place.tensor(stimulus.initial))
    for external in external_part(w, place.tensor(stimulus.inputs), noise_of(place, stimulus)):
        path.advance(unit, recurrent, external)
    return path


def together(rows: Sequence[Rows]) -> torch.Tensor:
    """(T, rows, B, N) from rows at every step."""
    flat = torch.stack([row for each in rows for row in each])
    return flat.reshape(len(rows), -1, *flat.shape[1:])


def side_by_side(emitted: Sequence[Rows]) -> torch.Tensor:
    """(T, B, K N), outputs stacked as in the weights."""
    return torch.stack([beside(each) for each in emitted])


def beside(rows: Rows) -> torch.Tensor:
    """(B, K N) of one step."""
    return torch.cat(list(rows), dim=-1)


def _by_drive(stacked: torch.Tensor, drives: int) -> Rows:
    return stacked.unflatten(-1, (drives, -1)).unbind(-2)
