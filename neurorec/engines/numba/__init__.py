"""The CPU engine: compiled time loops in float32."""

from __future__ import annotations

import dataclasses

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, Memory, Route, Stimulus, Teaching
from neurorec.engines.numba.compile import causal_kernels, kernels
from neurorec.feedbacks.base import AbstractFeedback
from neurorec.feedbacks.random import Random
from neurorec.formula.derive import EXTERNAL, RECURRENT
from neurorec.formula.unit import constants_of
from neurorec.losses.base import AbstractLoss
from neurorec.network import Network
from neurorec.optimisers.sgd import SGD
from neurorec.updates import settings_of
from neurorec.weights import Weights


class NumbaEngine(AbstractEngine):
    """Trial and batch updates of local rules and BPTT by one reverse scan and one product over trials x time."""

    dtype = np.float32
    tolerance = 1e-4
    offers = frozenset({"trial", "step"})

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        activity = _room(network, stimulus)
        external = stimulus.inputs @ weights.input.T + weights.bias
        if stimulus.noise is not None:
            external += _noise_rows(stimulus.noise)
        loop = kernels(network.formula, self.dtype.__name__).forward
        constants = _constants(network, weights)
        loop(_blocks(weights, network.units), external, constants, *_ports(network), activity.states, activity.drives, activity.emitted)
        np.matmul(_rows(activity.emitted[1:]), weights.readout.T, out=activity.readout)
        return activity

    def change(
        self, network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, route: Route
    ) -> Weights:
        """By the reverse scan, or causally for RTRL."""
        if route.rule.order == "forward":
            return _causal_change(network, weights, stimulus, activity, error, route)
        change, constants = weights.zeros(), _constants(network, weights)
        signal = _signal(weights, route.feedback, error, activity.emitted.shape)
        back = np.empty_like(activity.drives)
        partial = np.zeros((len(network.formula.plastic), *activity.states.shape[2:]), error.dtype)
        scan, full = kernels(network.formula, self.dtype.__name__).reverse_scan, route.rule.influence == "full"
        blocks = _blocks(weights, network.units)
        scan(blocks, signal, constants, _ports(network)[0], full, activity.states, activity.drives, back, partial)
        _add_products(change, network, back, activity, stimulus.inputs, error)
        change.parameters[_plastic_rows(network)] = partial.sum(axis=1)
        return change

    def online(self, network: Network, weights: Weights, stimulus: Stimulus, memory: Memory, teaching: Teaching) -> Activity:
        """As the contract says."""
        activity = _room(network, stimulus)
        _causal(network, weights, stimulus, activity, memory, teaching, weights.zeros(), moving=True)
        return activity


def _causal_change(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, route: Route) -> Weights:
    """The causal loop over a trial that is over: the error stands in the place of the targets."""
    change = weights.zeros()
    # The way of the error as one matrix, under the name of a fixed feedback: one compiled loop serves all of them.
    frozen = weights.like(weights.vector.copy())
    frozen.feedback[...] = route.feedback.element(weights.readout.T, weights.feedback)
    teaching = Teaching(Route(route.rule, Random()), SGD(), _Given(), np.zeros_like(weights.vector), np.inf, 0.0, weights.vector)
    given = dataclasses.replace(stimulus, noise=None, targets=error, share=np.ones(error.shape[:2], error.dtype))
    nothing = Memory(np.empty((0, weights.vector.size), error.dtype), 0)
    _causal(network, frozen, given, activity, nothing, teaching, change, moving=False)
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


def _room(network: Network, stimulus: Stimulus) -> Activity:
    """Arrays for a run, the initial state filled in."""
    formula, (steps, trials, _), units = network.formula, stimulus.inputs.shape, network.units
    shapes = ((steps + 1, len(formula.states)), (steps, len(formula.ports)), (steps + 1, len(formula.emitted)))
    states, drives, emitted = (np.empty((*shape, trials, units), stimulus.inputs.dtype) for shape in shapes)
    states[0] = stimulus.initial
    return Activity(states, drives, emitted, np.empty(stimulus.targets.shape, stimulus.inputs.dtype))


def _ports(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Port of the recurrent and of the external part of each drive, -1 for none."""
    formula = network.formula
    recurrent, external = (
        np.array([formula.port_of(d, part) for d in range(formula.n_drives)], np.int64) for part in (RECURRENT, EXTERNAL)
    )
    return recurrent, external


def _plastic_rows(network: Network) -> np.ndarray:
    formula = network.formula
    return np.array([formula.parameters.index(name) for name in formula.plastic], np.int64)


def _constants(network: Network, weights: Weights) -> np.ndarray:
    return constants_of(network.formula, weights.parameters, network.dt).astype(weights.vector.dtype)


def _blocks(weights: Weights, units: int) -> np.ndarray:
    """Recurrent weights as (D, K, N, N), a contiguous block for each product; no copy where K is 1."""
    rows, columns = weights.recurrent.shape
    return np.ascontiguousarray(weights.recurrent.reshape(rows // units, units, columns // units, units).transpose(0, 2, 1, 3))


def _noise_rows(noise: np.ndarray) -> np.ndarray:
    """(D, T, B, N) to (T, B, D N)."""
    drives, steps, trials, units = noise.shape
    return noise.transpose(1, 2, 0, 3).reshape(steps, trials, drives * units)


def _rows(emitted: np.ndarray) -> np.ndarray:
    """(T, K, B, N) to (T, B, K N), outputs stacked as in the weights."""
    steps, outputs, trials, units = emitted.shape
    return emitted.transpose(0, 2, 1, 3).reshape(steps, trials, outputs * units)


def _signal(weights: Weights, feedback: AbstractFeedback, error: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """B eps(t), (T, K, B, N)."""
    matrix = feedback.element(weights.readout.T, weights.feedback)
    steps, trials, _ = error.shape
    return np.ascontiguousarray((error @ matrix.T).reshape(steps, trials, shape[1], shape[3]).transpose(0, 2, 1, 3))


def _add_products(change: Weights, network: Network, back: np.ndarray, activity: Activity, inputs: np.ndarray, error: np.ndarray) -> None:
    """One product of postsynaptic and presynaptic activity over trials x time for each kind of weight."""
    units, sent = network.units, _flat(_rows(activity.emitted))
    before, after = sent[: -inputs.shape[1]], sent[inputs.shape[1] :]
    heard, errors = _flat(inputs), _flat(error)
    for d, (recurrent, external) in enumerate(zip(*_ports(network), strict=True)):
        rows = slice(d * units, (d + 1) * units)
        if recurrent >= 0:
            np.matmul(_flat(back[:, recurrent]).T, before, out=change.recurrent[rows])
        if external >= 0:
            np.matmul(_flat(back[:, external]).T, heard, out=change.input[rows])
            change.bias[rows] = _flat(back[:, external]).sum(axis=0)
    np.matmul(errors.T, after, out=change.readout)
    change.feedback[...] = change.readout.T


def _flat(array: np.ndarray) -> np.ndarray:
    """(T, B, channel) to (T B, channel)."""
    return array.reshape(array.shape[0] * array.shape[1], array.shape[2])


def _causal(
    network: Network,
    weights: Weights,
    stimulus: Stimulus,
    activity: Activity,
    memory: Memory,
    teaching: Teaching,
    summed: Weights,
    moving: bool,
) -> None:
    """Call the compiled loop with everything as plain arrays and numbers."""
    formula, inputs, vector = network.formula, stimulus.inputs, weights.vector
    offsets = np.array([span.start for span in weights.spans.values()] + [vector.size], np.int64)
    n_constants = len(constants_of(formula, weights.parameters, network.dt))
    sizes = (len(formula.states), formula.n_drives, len(formula.emitted), network.units, len(formula.ports), len(formula.plastic),
             n_constants, network.inputs, network.outputs)  # fmt: skip
    noise = np.zeros((1, inputs.shape[1], weights.bias.size), inputs.dtype) if stimulus.noise is None else _noise_rows(stimulus.noise)
    kinds = type(teaching.loss), type(teaching.route.feedback), type(teaching.optimiser)
    causal_kernels(formula, inputs.dtype.name, *kinds).causal(
        vector, memory.slots, summed.vector, offsets, sizes, _plastic_rows(network), *_ports(network), teaching.route.rule.influence == "full",
        moving, inputs.dtype.type(network.dt), inputs, noise, stimulus.targets, stimulus.share, activity.states, activity.drives, activity.emitted,
        activity.readout, teaching.rates, float(teaching.clip), float(teaching.decay), teaching.least, settings_of(teaching.optimiser), memory.count,
    )  # fmt: skip
