"""Calls of the two loops that learn at every step by plain gradient descent, `fused` and `low_rank`."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.engines.base import Activity, Stimulus, Teaching
from neurorec.engines.numba.arguments import OnlineWeights, Rates
from neurorec.engines.numba.compile import loops, tables
from neurorec.engines.numba.layout import constants, filled, lesson, ports
from neurorec.engines.numba.lines import widened, zeros
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

CALLED = ("step", "output", "jacobian", "pull_output", "error", "element")


class Held:
    """Weights as these loops hold them.

    Attributes
    ----------
    arrays : OnlineWeights
    """

    def __init__(self, weights: Weights):
        self.weights = weights
        external = np.concatenate([weights.input.T, weights.bias[None]])
        self.arrays = OnlineWeights(widened(weights.recurrent), external, weights.readout.copy(), np.ascontiguousarray(weights.feedback.T))

    def rates(self, teaching: Teaching) -> np.ndarray:
        """As `Rates` has them: all weights of a kind have one rate, else it is `causal` that runs."""
        return np.array([teaching.rates[self.weights.spans[kind]].max(initial=0) for kind in Rates._fields], self.weights.vector.dtype)

    def give_back(self) -> None:
        """Write what has become of them into the weights they came from."""
        own, held = self.weights, self.arrays
        own.recurrent[...] = held.recurrent[:, : own.recurrent.shape[1]]
        own.input[...], own.bias[...] = held.external[:-1].T, held.external[-1]
        own.readout[...], own.feedback[...] = held.readout, held.feedback.T


def fused(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, teaching: Teaching) -> None:
    """Sweep over traces and weights at every step; weights change in place."""
    held, real = Held(weights), weights.vector.dtype.type
    rows, width = held.arrays.recurrent.shape
    trace = zeros((rows, stimulus.share.shape[1], activity.states.shape[1], width), real)
    law = _law(held, network, stimulus, teaching)
    loops(real(0).dtype.name).fused.fused(*law, real(teaching.decay), trace, *lesson(network, stimulus), *filled(activity))
    held.give_back()


def low_rank(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, teaching: Teaching) -> None:
    """Without a trace per synapse; weights change in place."""
    held = Held(weights)
    law = _law(held, network, stimulus, teaching)
    loops(stimulus.inputs.dtype.name).low_rank.low_rank(*law, *lesson(network, stimulus), *filled(activity))
    held.give_back()


def _law(held: Held, network: Network, stimulus: Stimulus, teaching: Teaching) -> tuple[Any, ...]:
    """How units answer and weights learn: what both loops take first."""
    addresses = tables(network.formula, teaching, stimulus.inputs.dtype.name, CALLED)
    return *addresses, constants(network, held.weights), *held.arrays, *ports(network), held.rates(teaching)
