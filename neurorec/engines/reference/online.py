"""Rules in causal order: step, compare, and either sum the changes of a trial or apply them at once."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity, Memory, Route, Stimulus, Teaching
from neurorec.engines.reference.adjoint import add_parameters, add_readout, learning_signal
from neurorec.engines.reference.forward import external_part, read, recurrent_part
from neurorec.engines.reference.influence import Influence
from neurorec.engines.reference.trace import LocalTrace
from neurorec.engines.reference.unit import Unit
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.learning.updates import apply
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


def causal_change(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, error: np.ndarray, route: Route) -> Weights:
    """Sum of the changes of every step, with the weights standing still."""
    unit, change = Unit(network, weights), weights.zeros()
    memories = _memories(network, weights, route.rule, error.shape[1])
    for t, x in enumerate(stimulus.inputs):
        window = Activity(activity.states[t : t + 2], activity.drives[t : t + 1], activity.emitted[t : t + 2], activity.readout[t : t + 1])
        _remember(memories, unit, weights, window, x)
        change.vector += _step_change(network, unit, weights, window, memories, error[t], route.feedback).vector
    return change


def online(network: Network, weights: Weights, stimulus: Stimulus, memory: Memory, teaching: Teaching) -> Activity:
    """The literal online recursion: each step's change is applied before the next step."""
    unit = Unit(network, weights)
    memories = _memories(network, weights, teaching.route.rule, stimulus.inputs.shape[1])
    states, emitted, drives, readout = [stimulus.initial], [unit.output(stimulus.initial)], [], []
    for t, x in enumerate(stimulus.inputs):
        drives.append(unit.drives(recurrent_part(weights, emitted[t]), external_part(weights, stimulus, t)))
        states.append(unit.step(states[t], drives[t]))
        emitted.append(unit.output(states[t + 1]))
        readout.append(read(weights, emitted[t + 1]))
        window = Activity(np.array(states[t:]), np.array(drives[t:]), np.array(emitted[t:]), np.array(readout[t:]))
        error = teaching.loss.error(readout[t], stimulus.targets[t]) * stimulus.share[t][:, None]
        _remember(memories, unit, weights, window, x)
        change = _step_change(network, unit, weights, window, memories, error, teaching.route.feedback)
        apply(weights.vector, change.vector, memory.slots, memory.count + t + 1, teaching)
        unit.refresh(weights)
    return Activity(np.array(states), np.array(drives), np.array(emitted), np.array(readout))


def _memories(network: Network, weights: Weights, rule: AbstractRule, trials: int) -> list:
    formula, memory = network.formula, Influence if rule.through_units else LocalTrace
    return [memory(weights, len(formula.states), len(formula.plastic)) for _ in range(trials)]


def _remember(memories: list, unit: Unit, weights: Weights, window: Activity, x: np.ndarray) -> None:
    linear = unit.linear(window.states[0], window.drives[0])
    for trial, memory in enumerate(memories):
        memory.advance(linear, weights, (window.emitted[0][:, trial].ravel(), x[trial]), trial)


def _step_change(
    network: Network, unit: Unit, weights: Weights, window: Activity, memories: list, error: np.ndarray, feedback: AbstractFeedback
) -> Weights:
    change = weights.zeros()
    by_output = learning_signal(weights, feedback, error[None], window)[0]
    signal = np.einsum("kjbn,kbn->jbn", unit.emission(window.states[1]), by_output)
    for trial, memory in enumerate(memories):
        synaptic, intrinsic = memory.change(signal[:, trial])
        _add_synaptic(change, synaptic.reshape(-1, synaptic.shape[2]))
        add_parameters(change, network, intrinsic)
    add_readout(change, window, error[None])
    return change


def _add_synaptic(change: Weights, rows: np.ndarray) -> None:
    """(D N, [recurrent | input | bias]) to the three."""
    units, inputs = change.recurrent.shape[1], change.input.shape[1]
    change.recurrent[...] += rows[:, :units]
    change.input[...] += rows[:, units : units + inputs]
    change.bias[...] += rows[:, -1]
