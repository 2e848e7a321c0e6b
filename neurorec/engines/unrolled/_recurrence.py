"""The recurrence of a network in some trials, s(t) = f(s(t-1), x(t)), for all steps at once."""

from __future__ import annotations

import copy

import numpy as np

from neurorec.engines.base import Activity, Stimulus
from neurorec.engines.reference.adjoint import add_parameters
from neurorec.engines.reference.forward import forward
from neurorec.engines.reference.linearised import Linearised, channels, rows
from neurorec.engines.reference.unit import Unit
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


class Recurrence:
    """What an unroll solves; states are (k, time, trial, unit), and a step does not care which time it is.

    Attributes
    ----------
    steps, trials, units : int
        T, B, N.
    start : (k, B, N) array
        State before the first step.
    """

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

    def guess(self) -> np.ndarray:
        """States of a network that stands still, (k, T + 1, B, N)."""
        return np.repeat(self.start[:, None], self.steps + 1, axis=1)

    def stepped(self) -> np.ndarray:
        """States one step after `guess`, (k, T + 1, B, N): with the inputs in them, a better point to linearise at."""
        states = self.guess()
        states[:, 1:] = self.after(states[:, :-1])
        return states

    def in_turn(self) -> np.ndarray:
        """States step by step, (k, T + 1, B, N), as the reference engine has them to the bit."""
        return forward(self.network, self.weights, self._stimulus).states.transpose(1, 0, 2, 3)

    def after(self, before: np.ndarray) -> np.ndarray:
        """States after each step, (k, T, B, N), from those before it."""
        flat = self._flat(before)
        return self.unit.step(flat, self._drives(flat)).reshape(before.shape)

    def residual(self, states: np.ndarray) -> np.ndarray:
        """f(s(t-1)) - s(t), (k, T, B, N): zero where the recurrence holds."""
        return self.after(states[:, :-1]) - states[:, 1:]

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

    def add_change(self, change: Weights, linear: Linearised, adjoint: np.ndarray) -> None:
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
