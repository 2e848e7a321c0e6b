"""The call of the causal loop, by which weights change at every step under any rule and optimiser."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity, OptimiserState, Stimulus, UpdateSettings
from neurorec.engines.numba.compile import loops, tables
from neurorec.engines.numba.layout import given, noise_rows, plastic_rows, ports
from neurorec.formula.unit import for_numpy
from neurorec.learning.updates import hyperparameters
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

CALLED = ("step", "output", "jacobian", "emission", "pull_output", "prepare", "error", "element", "optimise")


def causal(
    network: Network,
    weights: Weights,
    stimulus: Stimulus,
    activity: Activity,
    optimiser_state: OptimiserState,
    update_settings: UpdateSettings,
) -> None:
    """Call the compiled loop with everything as plain arrays and numbers; weights change in place in ``weights`` and ``optimiser_state.slots``."""
    formula, inputs, vector = network.formula, stimulus.inputs, weights.vector  # as they lie: in what order their sums are taken follows
    _, targets, loss_weight = given(stimulus)
    offsets = np.array([span.start for span in weights.spans.values()] + [vector.size], np.int64)
    parameters = np.full((len(formula.parameters) + 1, 1, network.units), network.dt, inputs.dtype)  # dt stays in the last row
    constants = np.empty((for_numpy(formula).N_CONSTANTS, network.units), inputs.dtype)
    loops(inputs.dtype.name).causal.causal(
        *tables(formula, update_settings, inputs.dtype.name, CALLED), parameters, constants, vector, offsets, optimiser_state.slots, update_settings.rates,
        update_settings.lower_bounds, plastic_rows(network), *ports(network), update_settings.rule.through_units,
        inputs, noise_rows(stimulus, weights.bias.size), targets, loss_weight, activity.states, activity.drives, activity.emitted, activity.readout,
        float(update_settings.clip), float(update_settings.decay), np.array(hyperparameters(update_settings.optimiser)), optimiser_state.count,
    )  # fmt: skip
