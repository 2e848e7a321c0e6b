"""Calls of the two loops that learn at every step by plain gradient descent, `fused` and `low_rank`."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity, Stimulus, UpdateSettings
from neurorec.engines.numba.compile import loops, tables
from neurorec.engines.numba.layout import constants, given, noise_rows, ports
from neurorec.engines.numba.lines import widened, zeros
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

CALLED = ("step", "output", "jacobian", "pull_output", "error", "element")
KINDS = ("recurrent", "input", "bias", "readout", "feedback")


class Held:
    """Weights as these loops hold them.

    Attributes
    ----------
    recurrent : (D N, M) array
        Rows that begin on a cache line; columns from K N on are zero.
    external : (I + 1, D N) array
        Input weights transposed, and biases.
    readout, back : (O, K N) arrays
        The readout, and the feedback transposed.
    """

    def __init__(self, weights: Weights):
        self.weights, self.recurrent = weights, widened(weights.recurrent)
        self.external = np.concatenate([weights.input.T, weights.bias[None]])
        self.readout, self.back = weights.readout.copy(), np.ascontiguousarray(weights.feedback.T)

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """In the order in which the loops take them."""
        return self.recurrent, self.external, self.readout, self.back

    def rates(self, update_settings: UpdateSettings) -> np.ndarray:
        """Of each of `KINDS`, (5,): all weights of a kind have one rate, else it is `causal` that runs."""
        return np.array([update_settings.rates[self.weights.spans[name]].max(initial=0) for name in KINDS], self.weights.vector.dtype)

    def give_back(self) -> None:
        """Write what has become of them into the weights they came from."""
        own = self.weights
        own.recurrent[...] = self.recurrent[:, : own.recurrent.shape[1]]
        own.input[...], own.bias[...] = self.external[:-1].T, self.external[-1]
        own.readout[...], own.feedback[...] = self.readout, self.back.T


def fused(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, update_settings: UpdateSettings) -> None:
    """Sweep over traces and weights at every step; weights change in place."""
    held, real = Held(weights), weights.vector.dtype.type
    rows, width = held.recurrent.shape
    trace = zeros((rows, stimulus.loss_weight.shape[1], activity.states.shape[1], width), real)
    loops(real(0).dtype.name).fused.fused(*_tables(network, stimulus, update_settings), *held.arrays, *_law(held, network, update_settings), real(update_settings.decay), trace,
                                                    *_trial(network, stimulus, activity))  # fmt: skip
    held.give_back()


def low_rank(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, update_settings: UpdateSettings) -> None:
    """Without a trace per synapse; weights change in place."""
    held = Held(weights)
    loops(stimulus.inputs.dtype.name).low_rank.low_rank(*_tables(network, stimulus, update_settings), *held.arrays, *_law(held, network, update_settings),
                                                          *_trial(network, stimulus, activity))  # fmt: skip
    held.give_back()


def _tables(network: Network, stimulus: Stimulus, update_settings: UpdateSettings) -> tuple[np.ndarray, np.ndarray]:
    return tables(network.formula, update_settings, stimulus.inputs.dtype.name, CALLED)


def _law(held: Held, network: Network, update_settings: UpdateSettings) -> tuple[np.ndarray, ...]:
    """How units answer and weights learn."""
    return constants(network, held.weights), *ports(network), held.rates(update_settings)


def _trial(network: Network, stimulus: Stimulus, activity: Activity) -> tuple[np.ndarray, ...]:
    """What comes in, and what is filled."""
    noise, (inputs, targets, loss_weight) = noise_rows(stimulus, network.bias.size), given(stimulus)
    filled = activity.states, activity.drives, activity.emitted, activity.readout
    return inputs, noise, targets, loss_weight, *filled
