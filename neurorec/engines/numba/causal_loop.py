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
    """Call the compiled loop with everything as plain arrays and numbers."""
    formula, inputs, vector = network.formula, stimulus.inputs, weights.vector  # as they lie: in what order their sums are taken follows
    _, targets, share = given(stimulus)
    offsets = np.array([span.start for span in weights.spans.values()] + [vector.size], np.int64)
    sizes = (len(formula.states), formula.n_drives, len(formula.emitted), network.units, len(formula.ports), len(formula.plastic),
             for_numpy(formula).N_CONSTANTS, network.inputs, network.outputs)  # fmt: skip
    loops(inputs.dtype.name).causal.causal(
        *tables(formula, teaching, inputs.dtype.name, CALLED), vector, memory.slots, offsets, sizes, plastic_rows(network), *ports(network), teaching.route.rule.through_units,
        inputs.dtype.type(network.dt), inputs, noise_rows(stimulus, weights.bias.size), targets, share,
        activity.states, activity.drives, activity.emitted, activity.readout, teaching.rates, float(teaching.clip), float(teaching.decay),
        teaching.least, np.array(settings_of(teaching.optimiser)), memory.count,
    )  # fmt: skip
