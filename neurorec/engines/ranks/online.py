"""Calls of the loops in which weights change at every step: a call a step, and a gather between two."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity, OptimiserState, Stimulus, UpdateSettings
from neurorec.engines.numba.causal_loop import CALLED as CALLED_CAUSALLY
from neurorec.engines.numba.compile import tables
from neurorec.engines.numba.layout import given
from neurorec.engines.numba.lines import zeros
from neurorec.engines.numba.online import CALLED, Held
from neurorec.engines.numba.prepared import Prepared
from neurorec.engines.ranks.compile import loops
from neurorec.engines.ranks.share import Share, own_noise
from neurorec.formula.unit import for_numpy
from neurorec.learning.updates import hyperparameters
from neurorec.networks.weights import Weights


def fused(
    own: Prepared, share: Share, weights: Weights, stimulus: Stimulus, activity: Activity, optimiser_state: OptimiserState,
    update_settings: UpdateSettings,
) -> None:  # fmt: skip
    """Plain gradient descent: each row is traced, changed and multiplied while it lies in the nearest cache."""
    held, loop, shown = Held(weights, own.recurrence), loops(own.dtype.name).rows, room_to_show(own, stimulus)
    unit, learning = tables(own.formula, update_settings, own.dtype.name, CALLED)
    constants, (inputs, targets, loss_weight), noise = own.constants(weights), given(stimulus), _noise(own, share, stimulus)
    states, trials, real = activity.states.shape[1], inputs.shape[1], own.dtype.type
    trace = held.recurrence.traces(held.recurrent, trials, states)
    external_trace, beside = (
        zeros((len(held.external), states, trials, held.external.shape[1]), own.dtype),
        zeros((2, trials, held.recurrent.shape[1]), own.dtype),
    )
    loop.begin(unit, constants, activity.states, shown)
    share.team.gather(shown, activity.emitted[0])
    went = activity.states, activity.drives, activity.emitted
    loop.begin_online(unit, constants, held.recurrent, held.external, *own.wiring, inputs, noise, *went, shown)
    law = (unit, learning, constants, *held.arrays, *own.wiring, held.rates(update_settings), real(update_settings.decay))
    then = (trace, external_trace, *beside, inputs, noise, targets, loss_weight, *went, activity.readout, shown, share.first)
    for t in range(len(inputs)):
        share.team.gather(shown, activity.emitted[t + 1])
        loop.learn_and_advance(*law, *then, t)
    held.give_back()


def causal(
    own: Prepared, share: Share, weights: Weights, stimulus: Stimulus, activity: Activity, optimiser_state: OptimiserState,
    update_settings: UpdateSettings,
) -> None:  # fmt: skip
    """Any optimiser, and parameters of units that learn."""
    units, vector, shown, loop = own.network.units, weights.vector, room_to_show(own, stimulus), loops(own.dtype.name)
    unit, learning = tables(own.formula, update_settings, own.dtype.name, CALLED_CAUSALLY)
    (inputs, targets, loss_weight), noise = given(stimulus), _noise(own, share, stimulus)
    trials, (channels, width) = inputs.shape[1], weights.readout.shape
    offsets = np.array([span.start for span in weights.spans.values()] + [vector.size], np.int64)
    parameters = np.full((len(own.formula.parameters) + 1, 1, units), own.network.dt, own.dtype)  # dt stays in the last row
    constants = np.empty((for_numpy(own.formula).N_CONSTANTS, units), own.dtype)
    presynaptic = zeros((trials, width + inputs.shape[2] + 1), own.dtype)
    synapses = own.drives * units * presynaptic.shape[1]
    memory = zeros((trials, own.states, synapses + len(own.plastic_rows) * units), own.dtype)
    rest = np.empty_like(memory[0]), np.empty_like(memory[0, 0])
    loop.causal_rows.prepare_causal(unit, vector, offsets, units, parameters, constants)
    loop.rows.begin(unit, constants, activity.states, shown)
    share.team.gather(shown, activity.emitted[0])
    went, at = (activity.states, activity.drives, activity.emitted), (parameters, constants, vector, offsets)
    loop.causal_rows.begin_causal(unit, *at, *own.wiring, inputs, noise, *went, presynaptic, shown, channels)
    law = (unit, learning, *at, optimiser_state.slots, update_settings.rates, update_settings.lower_bounds, own.plastic_rows, *own.wiring)
    settings = (
        float(update_settings.clip),
        float(update_settings.decay),
        np.array(hyperparameters(update_settings.optimiser)),
        optimiser_state.count,
    )
    then = (
        inputs,
        noise,
        targets,
        loss_weight,
        *went,
        activity.readout,
        presynaptic,
        shown,
        *settings,
        np.zeros_like(vector),
        memory,
        *rest,
    )
    for t in range(len(inputs)):
        share.team.gather(shown, activity.emitted[t + 1])
        loop.causal_rows.learn_causal(*law, *then, share.first, t)


def room_to_show(own: Prepared, stimulus: Stimulus) -> np.ndarray:
    """Where the outputs of these units are put before they are gathered, (K, B, n)."""
    return own.room.array("shown", (own.outputs, stimulus.inputs.shape[1], own.network.units))


def _noise(own: Prepared, share: Share, stimulus: Stimulus) -> np.ndarray:
    """One silent step stands for all where there is none."""
    drawn = own_noise(stimulus, own.network, share)
    return drawn if len(drawn) else np.zeros((1, *drawn.shape[1:]), drawn.dtype)
