"""The CPU engine: compiled time loops in float32."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, Memory, Route, Stimulus, Teaching, in_turn
from neurorec.engines.numba.causal_loop import after_the_trial, causal, row_by_row
from neurorec.engines.numba.compile import kernels
from neurorec.engines.numba.layout import blocks, constants, flat, noise_rows, plastic_rows, ports, rows
from neurorec.engines.numba.per_step import WAYS, chosen
from neurorec.engines.numba.workspace import Workspace
from neurorec.errors import ValueRefused
from neurorec.feedbacks.base import AbstractFeedback
from neurorec.network import Network
from neurorec.weights import Weights


class NumbaEngine(AbstractEngine):
    """Trial and batch updates of local rules and BPTT by one reverse scan and one product over trials x time.

    Parameters
    ----------
    per_step : str, optional
        How weights change at every step: ``"causal"``, ``"fused"`` or ``"low_rank"``, which give the same numbers but for
        rounding. None: what `neurorec.engines.numba.per_step.costs` finds cheapest.
    """

    dtype = np.float32
    tolerance = 1e-4
    offers = frozenset({"trial", "step"})

    def __init__(self, per_step: str | None = None) -> None:
        if per_step not in (None, *WAYS):
            raise ValueRefused(f"per_step must be {', '.join(WAYS)} or None, got {per_step!r}")
        self._per_step, self._room = per_step, Workspace(self.dtype)

    @property
    def settings(self) -> dict[str, Any]:
        """The way that was asked for, if one was."""
        return {} if self._per_step is None else {"per_step": self._per_step}

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        activity = self._activity(network, stimulus)
        kernels(network.formula, self.dtype.__name__).forward(
            *blocks(weights, network.units), np.ascontiguousarray(weights.input.T), weights.bias, constants(network, weights), *ports(network),
            stimulus.inputs, noise_rows(stimulus, weights.bias.size), activity.states, activity.drives, activity.emitted,
        )  # fmt: skip
        np.matmul(rows(activity.emitted[1:]), weights.readout.T, out=activity.readout)
        return activity

    def change(
        self, network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, route: Route
    ) -> Weights:
        """By the reverse scan, or causally for RTRL."""
        if route.rule.order == "forward":
            return after_the_trial(network, weights, stimulus, activity, error, route)
        change, signal = weights.zeros(), self._signal(weights, route.feedback, error, activity.emitted.shape)
        back = self._room.array("back", activity.drives.shape)
        partial = np.zeros((len(network.formula.plastic), *activity.states.shape[2:]), self.dtype)
        kernels(network.formula, self.dtype.__name__).reverse_scan(
            *blocks(weights, network.units), signal, constants(network, weights), ports(network)[0], route.rule.influence == "full",
            activity.states, activity.drives, back, partial,
        )  # fmt: skip
        add_products(change, network, back, activity, stimulus.inputs, error)
        change.parameters[plastic_rows(network)] = partial.sum(axis=1)
        return change

    def online(self, network: Network, weights: Weights, stimulus: Stimulus, memory: Memory, teaching: Teaching) -> Activity:
        """As the contract says."""
        activity = self._activity(network, stimulus)
        steps, trials = stimulus.share.shape
        way = chosen(self._per_step, network, teaching, steps, trials)
        if way == "causal":
            causal(network, weights, stimulus, activity, memory, teaching, weights.zeros(), moving=True)
        else:
            row_by_row(network, weights, stimulus, activity, teaching, way)
        return activity

    def expect(self, network: Network, teaching: Teaching, schedule: str) -> None:
        """It can run all that it offers."""

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says."""
        return in_turn(self, network, weights, stimuli)

    def _activity(self, network: Network, stimulus: Stimulus) -> Activity:
        """Arrays for a run, the initial state filled in."""
        formula, (steps, trials, _), units = network.formula, stimulus.inputs.shape, network.units
        states = self._room.array("states", (steps + 1, len(formula.states), trials, units))
        drives = self._room.array("drives", (steps, len(formula.ports), trials, units))
        emitted = states if formula.shows_state else self._room.array("emitted", (steps + 1, len(formula.emitted), trials, units))
        states[0] = stimulus.initial
        return Activity(states, drives, emitted, self._room.array("readout", stimulus.targets.shape))

    def _signal(self, weights: Weights, feedback: AbstractFeedback, error: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """B eps(t), (T, K, B, N)."""
        matrix = feedback.element(weights.readout.T, weights.feedback)
        stacked = np.matmul(error, matrix.T, out=self._room.array("signal", (*error.shape[:2], len(matrix))))
        return np.ascontiguousarray(stacked.reshape(*error.shape[:2], shape[1], shape[3]).transpose(0, 2, 1, 3))


def add_products(change: Weights, network: Network, back: np.ndarray, activity: Activity, inputs: np.ndarray, error: np.ndarray) -> None:
    """One product of postsynaptic and presynaptic activity over trials x time for each kind of weight."""
    units, trials, sent = network.units, inputs.shape[1], flat(rows(activity.emitted))
    for d, (recurrent, external) in enumerate(zip(*ports(network), strict=True)):
        own = slice(d * units, (d + 1) * units)
        if recurrent >= 0:
            np.matmul(flat(back[:, recurrent]).T, sent[:-trials], out=change.recurrent[own])
        if external >= 0:
            np.matmul(flat(back[:, external]).T, flat(inputs), out=change.input[own])
            change.bias[own] = flat(back[:, external]).sum(axis=0)
    np.matmul(flat(error).T, sent[trials:], out=change.readout)
    change.feedback[...] = change.readout.T
