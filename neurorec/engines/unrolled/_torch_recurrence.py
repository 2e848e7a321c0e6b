"""The recurrence on torch tensors, on any device and in either float type, with autograd's Jacobians."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import final

import numpy as np
import torch

from neurorec.engines.base import Activity, Stimulus
from neurorec.engines.torch.place import Place
from neurorec.engines.unrolled._torch_steps import AbstractSteps, Some, steps_of
from neurorec.engines.unrolled.base import AbstractRecurrence
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.weights import Weights


@final
class TorchRecurrence(AbstractRecurrence):
    """As the contract says.

    Parameters
    ----------
    place : Place
        Device and float type.
    network : Network or ModuleNetwork
    weights : Weights
    stimulus : Stimulus
    """

    def __init__(self, place: Place, network: AbstractNetwork, weights: Weights, stimulus: Stimulus) -> None:
        self.place, self.network, self.weights, self.w = place, network, weights, place.weights(weights)
        self.w.vector.requires_grad_()
        self.function, self.through_units = steps_of(place, network, self.w, stimulus), True
        self.steps, self.trials, self.units = *stimulus.inputs.shape[:2], network.units
        self.start = place.tensor(stimulus.initial)

    def local(self) -> TorchRecurrence:
        """As the contract says."""
        other = copy.copy(self)
        other.through_units = False
        return other

    @torch.no_grad()
    def in_turn(self) -> torch.Tensor:
        """As the contract says."""
        states = [self.start]
        for t in range(self.steps):
            states.append(self.function.after(states[-1], slice(t * self.trials, (t + 1) * self.trials), states[-1]))
        return torch.stack(states, dim=1)

    @torch.no_grad()
    def after(self, before: torch.Tensor) -> torch.Tensor:
        """As the contract says."""
        flat = self._flat(before)
        return self.function.after(flat, slice(None), flat).reshape(before.shape)

    def linear(self, before: torch.Tensor) -> TorchJacobians:
        """As the contract says."""
        return TorchJacobians(self.function, self._flat(before), slice(None), self.through_units)

    @torch.no_grad()
    def activity(self, states: torch.Tensor) -> Activity:
        """As the contract says."""
        emitted, drives = (
            self._timed(self.function.emitted(self._flat(states))),
            self._timed(self.function.drives(self._flat(states[:, :-1]))),
        )
        readout = emitted[:, 1:].permute(1, 2, 0, 3).flatten(2) @ self.w.readout.T
        by_time = [self.place.array(each.movedim(1, 0).contiguous()) for each in (states, drives, emitted)]
        return Activity(by_time[0], by_time[1], by_time[2], self.place.array(readout))

    def signal(self, states: torch.Tensor, error: np.ndarray, feedback: np.ndarray) -> torch.Tensor:
        """As the contract says, by the vector-Jacobian product of the output."""
        after = self._flat(states[:, 1:]).detach().requires_grad_()
        emitted = self.function.emitted(after)
        signal = (self.place.tensor(error).flatten(0, 1) @ self.place.tensor(feedback).T).unflatten(-1, (len(emitted), -1)).movedim(1, 0)
        (pulled,) = torch.autograd.grad(emitted, after, signal, materialize_grads=True)
        return self._timed(pulled)

    def change(self, states: torch.Tensor, error: np.ndarray, pulled: Iterable[tuple[TorchJacobians, torch.Tensor]]) -> Weights:
        """As the contract says."""
        vector = torch.zeros_like(self.w.vector)
        for linear, adjoint in pulled:
            (part,) = torch.autograd.grad(linear.after, self.w.vector, self._flat(adjoint), retain_graph=True, materialize_grads=True)
            vector = vector + part
        change, formula = self.weights.like(self.place.array(vector)), self.network.formula
        change.parameters[[name not in formula.plastic for name in formula.parameters]] = 0
        emitted = self.place.array(self.function.emitted(self._flat(states[:, 1:])).movedim(1, 0).flatten(1))
        change.readout[...] = error.reshape(len(emitted), -1).T @ emitted
        change.feedback[...] = change.readout.T
        return change

    def _flat(self, states: torch.Tensor) -> torch.Tensor:
        return states.reshape(len(states), -1, self.units)

    def _timed(self, flat: torch.Tensor) -> torch.Tensor:
        return flat.unflatten(1, (-1, self.trials))


@final
class TorchJacobians:
    """J(t) of some rows, as products that autograd makes; a matrix is one product for each of its rows.

    Parameters
    ----------
    function : AbstractSteps
    before : (k, R, N) tensor
        States before each step.
    some : slice or int array
        Which rows they are.
    through_units : bool
        Whether what a step does to other units is part of it.
    """

    def __init__(self, function: AbstractSteps, before: torch.Tensor, some: Some, through_units: bool) -> None:
        self.function, self.some, self.through_units = function, some, through_units
        self.before = before.detach().requires_grad_()
        self.after = function.after(self.before, some, self.before if through_units else before.detach())

    def at(self, some: Some) -> TorchJacobians:
        """As the contract says; of all rows only."""
        return TorchJacobians(self.function, self.before[:, some], some, self.through_units)

    def push(self, tangent: torch.Tensor) -> torch.Tensor:
        """As the contract says: J^T u is linear in u, and what u gets back of v is J v."""
        adjoint = torch.zeros_like(self.after, requires_grad=True)
        pulled = self._pull(adjoint, create_graph=True)
        if not pulled.requires_grad:  # a step that looks at no state
            return pulled
        (found,) = torch.autograd.grad(pulled, adjoint, tangent, retain_graph=True)
        return found

    def pull(self, adjoint: torch.Tensor) -> torch.Tensor:
        """As the contract says."""
        return self._pull(adjoint.reshape(self.after.shape))

    def matrices(self) -> torch.Tensor:
        """As the contract says."""
        states, rows, units = self.after.shape
        each = torch.eye(states * units, dtype=self.after.dtype, device=self.after.device).reshape(-1, states, 1, units)
        found = [self._pull(one.expand(self.after.shape)) for one in each]
        return torch.stack(found).permute(2, 0, 1, 3).reshape(rows, states * units, states * units)

    def blocks(self) -> torch.Tensor:
        """As the contract says."""
        states, rows, units = self.after.shape
        whole = self.matrices().reshape(rows, states, units, states, units)
        return torch.diagonal(whole, dim1=2, dim2=4).permute(0, 3, 1, 2)

    def _pull(self, adjoint: torch.Tensor, create_graph: bool = False) -> torch.Tensor:
        (found,) = torch.autograd.grad(
            self.after, self.before, adjoint, retain_graph=True, create_graph=create_graph, materialize_grads=True
        )
        return found
