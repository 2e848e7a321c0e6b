"""Calls of the causal loop: weights that change at every step, and RTRL at the end of a trial."""

from __future__ import annotations

import dataclasses
from types import ModuleType

import numpy as np

from neurorec.engines.base import Activity, Memory, Route, Stimulus, Teaching
from neurorec.engines.numba.compile import causal_kernels
from neurorec.engines.numba.layout import noise_rows, plastic_rows, ports
from neurorec.feedbacks.random import Random
from neurorec.formula.derive import Formula
from neurorec.formula.unit import for_numpy
from neurorec.losses.base import AbstractLoss
from neurorec.network import Network
from neurorec.optimisers.sgd import SGD
from neurorec.updates import settings_of
from neurorec.weights import Weights


def after_the_trial(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, route: Route) -> Weights:
    """The causal loop over a trial that is over: the error stands in the place of the targets."""
    change = weights.zeros()
    # The way of the error as one matrix, under the name of a fixed feedback: one compiled loop serves all of them.
    frozen = weights.like(weights.vector.copy())
    frozen.feedback[...] = route.feedback.element(weights.readout.T, weights.feedback)
    teaching = Teaching(Route(route.rule, Random()), SGD(), _Given(), np.zeros_like(weights.vector), np.inf, 0.0, weights.vector)
    given = dataclasses.replace(stimulus, noise=None, targets=error, share=np.ones(error.shape[:2], error.dtype))
    nothing = Memory(np.empty((0, weights.vector.size), error.dtype), 0)
    causal(network, frozen, given, activity, nothing, teaching, change, moving=False)
    return change


class _Given(AbstractLoss):
    """The error itself in the place of targets."""

    @staticmethod
    def value(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Not used: the loss is known already."""
        return np.zeros(len(outputs), outputs.dtype)

    @staticmethod
    def error(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """What was given."""
        return targets.copy()


def causal(
    network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, memory: Memory, teaching: Teaching, summed: Weights, moving: bool
) -> None:  # fmt: skip
    """Call the compiled loop with everything as plain arrays and numbers."""
    formula, inputs, vector = network.formula, stimulus.inputs, weights.vector
    offsets = np.array([span.start for span in weights.spans.values()] + [vector.size], np.int64)
    sizes = (len(formula.states), formula.n_drives, len(formula.emitted), network.units, len(formula.ports), len(formula.plastic),
             for_numpy(formula).N_CONSTANTS, network.inputs, network.outputs)  # fmt: skip
    _compiled(formula, teaching, inputs.dtype.name).causal.causal(
        vector, memory.slots, summed.vector, offsets, sizes, plastic_rows(network), *ports(network), teaching.route.rule.influence == "full",
        moving, inputs.dtype.type(network.dt), inputs, noise_rows(stimulus, weights.bias.size), stimulus.targets, stimulus.share,
        activity.states, activity.drives, activity.emitted, activity.readout, teaching.rates, float(teaching.clip), float(teaching.decay),
        teaching.least, settings_of(teaching.optimiser), memory.count,
    )  # fmt: skip


def _compiled(formula: Formula, teaching: Teaching, dtype: str) -> ModuleType:
    return causal_kernels(formula, dtype, type(teaching.loss), type(teaching.route.feedback), type(teaching.optimiser))
