"""The call of the causal loop, by which weights change at every step under any rule and optimiser."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity, Memory, Stimulus, Teaching
from neurorec.engines.numba.compile import loops, tables
from neurorec.engines.numba.layout import given, noise_rows, plastic_rows, ports
from neurorec.formula.unit import for_numpy
from neurorec.learning.updates import settings_of
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

CALLED = ("step", "output", "jacobian", "emission", "pull_output", "prepare", "error", "element", "optimise")


def causal(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, memory: Memory, teaching: Teaching) -> None:
    """Call the compiled loop with everything as plain arrays and numbers; weights change in place in ``weights`` and ``memory.slots``."""
    formula, inputs, vector = network.formula, stimulus.inputs, weights.vector  # as they lie: in what order their sums are taken follows
    _, targets, share = given(stimulus)
    offsets = np.array([span.start for span in weights.spans.values()] + [vector.size], np.int64)
    parameters = np.full((len(formula.parameters) + 1, 1, network.units), network.dt, inputs.dtype)  # dt stays in the last row
    constants = np.empty((for_numpy(formula).N_CONSTANTS, network.units), inputs.dtype)
    loops(inputs.dtype.name).causal.causal(
        *tables(formula, teaching, inputs.dtype.name, CALLED), parameters, constants, vector, offsets, memory.slots, teaching.rates,
        teaching.least, plastic_rows(network), *ports(network), teaching.route.rule.through_units,
        inputs, noise_rows(stimulus, weights.bias.size), targets, share, activity.states, activity.drives, activity.emitted, activity.readout,
        float(teaching.clip), float(teaching.decay), np.array(settings_of(teaching.optimiser)), memory.count,
    )  # fmt: skip
