"""Weights that change after every time step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from neurorec.engines.base import Activity, Memory, Stimulus, Teaching
from neurorec.engines.torch.change import put_together
from neurorec.engines.torch.forward import Path, beside, external_part, noise_of
from neurorec.engines.torch.place import Place
from neurorec.engines.torch.traces import Influence, LocalTrace
from neurorec.engines.torch.unit import Unit, pull
from neurorec.learning.updates import apply
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


def online(place: Place, network: Network, weights: Weights, stimulus: Stimulus, memory: Memory, teaching: Teaching) -> Activity:
    """Step, compare, trace, change. Loss, feedback and optimiser may be NumPy code of the user's: they run on the host."""
    w, inputs, noise = place.weights(weights), place.tensor(stimulus.inputs), noise_of(place, stimulus)
    unit, readout = Unit(network, w.parameters), []
    kept = Influence if teaching.route.rule.through_units else LocalTrace
    path, trace = Path.start(unit, place.tensor(stimulus.initial)), kept(network, w, inputs.shape[1])
    for t, x in enumerate(inputs):
        path.advance(unit, w.recurrent, external_part(w, x, noise[t]))
        readout.append(beside(path.emitted[-1]) @ w.readout.T)
        error = teaching.loss.error(place.array(readout[t]), stimulus.targets[t]) * stimulus.share[t][:, None]
        linear, emission = unit.linear(path.states[t], path.drives[t]), unit.emission(path.states[t])
        trace.advance(linear, emission, w, (beside(path.emitted[t]), x, x.new_ones((len(x), 1))))
        change = _step_change(place, network, unit, w, trace, path, error, _by_output(weights, error, teaching))
        apply(weights.vector, place.array(change.vector), memory.slots, memory.count + t + 1, teaching)
        w = place.weights(weights)
        unit.refresh(w.parameters)
    return path.activity(place, torch.stack(readout))


def _by_output(weights: Weights, error: np.ndarray, teaching: Teaching) -> np.ndarray:
    """B eps, (B, K N)."""
    return error @ teaching.route.feedback.element(weights.readout.T, weights.feedback).T


def _step_change(
    place: Place, network: Network, unit: Unit, w: Any, trace: LocalTrace | Influence, path: Path, error: np.ndarray, by_output: np.ndarray
) -> Any:
    emission = unit.emission(path.states[-1])
    signal = pull(emission, place.tensor(by_output).unflatten(-1, (len(emission), -1)).movedim(1, 0))
    synaptic, intrinsic = trace.change(signal)
    recurrent, external, bias = synaptic.flatten(0, 1).split([w.recurrent.shape[1], w.input.shape[1], 1], dim=-1)
    return put_together(network, w, recurrent, external, bias[:, 0], place.tensor(error).T @ beside(path.emitted[-1]), intrinsic)
