"""The recurrence on NumPy arrays, in float64: of cells, whose Jacobians are derived from their formulas."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurorec.engines.base import Activity, Stimulus
from neurorec.engines.reference.adjoint import add_parameters
from neurorec.engines.reference.forward import forward
from neurorec.engines.reference.linearised import Linearised, channels, rows
from neurorec.engines.reference.unit import Unit
from neurorec.engines.unrolled.base import AbstractRecurrence, StepJacobians
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


class Recurrence(AbstractRecurrence):
    """As the contract says; a step does not care which time it is."""

    def __init__(self, network: Network, weights: Weights, stimulus: Stimulus):
        self.network, self.weights, self.unit = network, weights, Unit(network, weights)
        self._stimulus = stimulus
        self.steps, self.trials, self.units = *stimulus.inputs.shape[:2], network.units
        self.start, self._through = np.asarray(stimulus.initial, float), weights.recurrent
        self._inputs = stimulus.inputs.reshape(self.steps * self.trials, -1).astype(float)
        external = self._inputs @ weights.input.T + weights.bias
        if stimulus.noise is not None:
            external = external + stimulus.noise.rows(np.float64).reshape(external.shape)
        self._external = channels(external, self.units)

    def local(self) -> Recurrence:
        """The same, but that what a step does to another unit is no part of its Jacobian: for local rules."""
        other = copy.copy(self)
        other._through = np.zeros_like(self._through)
        return other

    def in_turn(self) -> np.ndarray:
        """States step by step, (k, T + 1, B, N), as the reference engine has them to the bit."""
        return forward(self.network, self.weights, self._stimulus).states.transpose(1, 0, 2, 3)

    def after(self, before: np.ndarray) -> np.ndarray:
        """States after each step, (k, T, B, N), from those before it."""
        flat = self._flat(before)
        return self.unit.step(flat, self._drives(flat)).reshape(before.shape)

    def linear(self, before: np.ndarray) -> Linearised:
        """The Jacobian of every step; rows are (time, trial)."""
        flat = self._flat(before)
        return Linearised(self.unit.linear(flat, self._drives(flat)), self.unit.output(flat), self._through)

    def activity(self, states: np.ndarray) -> Activity:
        """All that an engine hands back."""
        emitted, drives = self.unit.output(self._flat(states)), self._drives(self._flat(states[:, :-1]))
        shown = self._timed(emitted)
        readout = rows(emitted)[self.trials :] @ self.weights.readout.T
        return Activity(
            self._first(states), self._first(self._timed(drives)), self._first(shown), readout.reshape(self.steps, self.trials, -1)
        )

    def signal(self, states: np.ndarray, error: np.ndarray, feedback: np.ndarray) -> np.ndarray:
        """O(t)^T B eps(t), (k, T, B, N): what the error of each step asks of its states."""
        after = self._flat(states[:, 1:])
        signal = channels(error.reshape(len(self._inputs), -1) @ feedback.T, self.units)
        return self._timed(np.einsum("klrn,krn->lrn", self.unit.emission(after), signal))

    def change(self, states: np.ndarray, error: np.ndarray, pulled: Iterable[tuple[StepJacobians, np.ndarray]]) -> Weights:
        """As the contract says."""
        change = self.weights.zeros()
        for linear, adjoint in pulled:
            self.add_change(change, linear, adjoint)
        self.add_readout(change, states, error)
        return change

    def add_change(self, change: Weights, linear: Any, adjoint: np.ndarray) -> None:
        """Add sum_t F(t)^T z(t) pre(t)^T: what weights do to steps whose results should move by `adjoint`."""
        parts, z = linear.parts, self._flat(adjoint)
        recurrent, external = (rows(np.einsum("jdrn,jrn->drn", part, z)) for part in (parts.recurrent, parts.external))
        change.recurrent[...] += recurrent.T @ rows(linear.emitted)
        change.input[...] += external.T @ self._inputs
        change.bias[...] += external.sum(axis=0)
        add_parameters(change, self.network, np.einsum("jqrn,jrn->qn", parts.partial, z))

    def add_readout(self, change: Weights, states: np.ndarray, error: np.ndarray) -> None:
        """dWout = sum_t eps(t) o(t)^T; a plastic feedback takes the transpose."""
        emitted = rows(self.unit.output(self._flat(states[:, 1:])))
        change.readout[...] += error.reshape(len(emitted), -1).T @ emitted
        change.feedback[...] = change.readout.T

    def _drives(self, flat: np.ndarray) -> np.ndarray:
        return self.unit.drives(channels(rows(self.unit.output(flat)) @ self.weights.recurrent.T, self.units), self._external)

    def _flat(self, states: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(states).reshape(len(states), -1, self.units)

    def _timed(self, flat: np.ndarray) -> np.ndarray:
        return flat.reshape(len(flat), -1, self.trials, self.units)

    @staticmethod
    def _first(states: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(states.transpose(1, 0, 2, 3))
