"""The call of the causal loop, by which weights change at every step under any rule and optimiser."""

from __future__ import annotations

from typing import Any

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
    inputs, targets, loss_weight = given(stimulus)
    loops(inputs.dtype.name).causal.causal(
        *model_of(network, weights, update_settings), optimiser_state.slots, update_settings.rates, *law_of(network, update_settings),
        inputs, noise_rows(stimulus, weights.bias.size), targets, loss_weight, activity.states, activity.drives, activity.emitted, activity.readout,
        *sizes_of_a_step(update_settings), optimiser_state.count,
    )  # fmt: skip


def model_of(network: Network, weights: Weights, update_settings: UpdateSettings) -> tuple[np.ndarray, ...]:
    """Addresses of what the loop calls, room for what follows from the parameters, and the weights in one vector, with where each kind begins."""
    formula, vector = network.formula, weights.vector
    offsets = np.array([span.start for span in weights.spans.values()] + [vector.size], np.int64)
    parameters = np.full((len(formula.parameters) + 1, 1, network.units), network.dt, vector.dtype)  # dt stays in the last row
    constants = np.empty((for_numpy(formula).N_CONSTANTS, network.units), vector.dtype)
    return *tables(formula, update_settings, vector.dtype.name, CALLED), parameters, constants, vector, offsets


def law_of(network: Network, update_settings: UpdateSettings) -> tuple[Any, ...]:
    """Smallest values of the weights, what is plastic, the wiring of the units, and whether the rule goes through other units."""
    return update_settings.lower_bounds, plastic_rows(network), *ports(network), update_settings.rule.through_units


def sizes_of_a_step(update_settings: UpdateSettings) -> tuple[float, float, np.ndarray]:
    """Clip, decay, and the settings of the optimiser."""
    return float(update_settings.clip), float(update_settings.decay), np.array(hyperparameters(update_settings.optimiser))
