"""Calls of the two loops that learn at every step by plain gradient descent, `fused` and `low_rank`."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.engines.base import Activity, Stimulus, UpdateSettings
from neurorec.engines.numba.arguments import Rates
from neurorec.engines.numba.compile import loops, tables
from neurorec.engines.numba.layout import constants, given, noise_rows, ports
from neurorec.engines.numba.recurrent import Recurrence, recurrence_of
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

CALLED = ("step", "output", "jacobian", "pull_output", "error", "element")


class Held:
    """Weights as these loops hold them.

    Attributes
    ----------
    recurrent : array, or of sparse weights several
        As ``.learning`` takes them.
    external : (I + 1, D N) array
        Input weights transposed, and biases.
    readout, feedback : (O, K N) arrays
        The readout, and the feedback transposed.
    """

    def __init__(self, weights: Weights, recurrence: Recurrence):
        self.weights, self.recurrence, self.recurrent = weights, recurrence, recurrence.held(weights.recurrent)
        self.external = np.ascontiguousarray(np.concatenate([weights.input.T, weights.bias[None]]))  # else it lies as its first part does
        self.readout, self.feedback = weights.readout.copy(), np.ascontiguousarray(weights.feedback.T)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """In the order in which the loops take them."""
        return self.recurrent, self.external, self.readout, self.feedback

    def rates(self, update_settings: UpdateSettings) -> np.ndarray:
        """As `Rates` has them, (5,): all weights of a kind have one rate, else it is `causal` that runs."""
        return np.array(
            [update_settings.rates[self.weights.spans[name]].max(initial=0) for name in Rates._fields], self.weights.vector.dtype
        )

    def give_back(self) -> None:
        """Write what has become of them into the weights they came from."""
        own = self.weights
        self.recurrence.give_back(self.recurrent, own.recurrent)
        own.input[...], own.bias[...] = self.external[:-1].T, self.external[-1]
        own.readout[...], own.feedback[...] = self.readout, self.feedback.T


def fused(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, update_settings: UpdateSettings) -> None:
    """Sweep over traces and weights at every step; weights change in place."""
    held, real = Held(weights, recurrence_of(network)), weights.vector.dtype.type
    trace = held.recurrence.traces(held.recurrent, stimulus.loss_weight.shape[1], activity.states.shape[1])
    loop, law = loops(real(0).dtype.name, held.recurrence.learning).fused.fused, _law(held, network, stimulus, update_settings)
    loop(*law, real(update_settings.decay), trace, *_trial(network, stimulus, activity))
    held.give_back()


def low_rank(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, update_settings: UpdateSettings) -> None:
    """Without a trace per synapse; weights change in place."""
    held = Held(weights, recurrence_of(network))
    loop, law = loops(stimulus.inputs.dtype.name).low_rank.low_rank, _law(held, network, stimulus, update_settings)
    loop(*law, *_trial(network, stimulus, activity))
    held.give_back()


def _law(held: Held, network: Network, stimulus: Stimulus, update_settings: UpdateSettings) -> tuple[Any, ...]:
    """How units answer and weights learn: what both loops take first."""
    addresses = tables(network.formula, update_settings, stimulus.inputs.dtype.name, CALLED)
    return *addresses, constants(network, held.weights), *held.arrays, *ports(network), held.rates(update_settings)


def _trial(network: Network, stimulus: Stimulus, activity: Activity) -> tuple[np.ndarray, ...]:
    """What comes in, and what is filled: what both take last."""
    noise, (inputs, targets, loss_weight) = noise_rows(stimulus, network.bias.size), given(stimulus)
    return inputs, noise, targets, loss_weight, activity.states, activity.drives, activity.emitted, activity.readout
