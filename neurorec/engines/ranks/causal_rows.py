"""A time step of some rows in which any optimiser changes any weight, parameters of units among them; copied as rows.py is.

As `causal.causal` of the numba engine, of a local rule: what each synapse and each parameter remembers is its own, and so is its change.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Influence, Scratch
from neurorec.formula.calls import jacobian, optimise, pull_output, step
from neurorec.formula.entry import entry, inlined

from .causal import (  # pyright: ignore[reportMissingImports]
    arrange,
    blocks,
    change_readout,
    clip_and_decay,
    expect_least,
    external_drive,
    remember,
    scatter,
    set_constants,
    transpose,
)
from .readout import read  # pyright: ignore[reportMissingImports]
from .rows import own_signal, show  # pyright: ignore[reportMissingImports]
from .time_step import learning_signal, recurrent_drive, weighted_error  # pyright: ignore[reportMissingImports]


@inlined
def step_causal(
    unit, constants, recurrent, input_, bias, recurrent_ports, external_ports, x, noise, states, drives, emitted, presynaptic, shown, t
):
    """u(t), s(t) and o(t) of these rows."""
    arrange(emitted[t], x[t], presynaptic)
    recurrent_drive(recurrent, recurrent_ports, presynaptic, drives[t])
    external_drive(input_, bias, external_ports, x[t], noise[t % noise.shape[0]], drives[t])
    step(unit, states[t], drives[t], constants, states[t + 1], 0, states.shape[2])
    show(unit, states[t + 1], constants, shown)


@entry
def begin_causal(unit, parameters, constants, vector, offsets, recurrent_ports, external_ports, x, noise, states, drives, emitted, presynaptic, shown,
                 channels):  # fmt: skip
    """The first step; emitted[0] is there, and the constants are."""
    units, n_drives = states.shape[3], recurrent_ports.shape[0]
    recurrent, input_, bias, _, _, values = blocks(vector, offsets, n_drives, units, x.shape[2], channels)
    step_causal(
        unit, constants, recurrent, input_, bias, recurrent_ports, external_ports, x, noise, states, drives, emitted, presynaptic, shown, 0
    )


@entry
def learn_causal(unit, learning, parameters, constants, vector, offsets, slots, rates, lower_bounds, plastic_rows, recurrent_ports, external_ports,
                 x, noise, targets, loss_weight, states, drives, emitted, readouts, presynaptic, shown, clip, weight_decay, settings, count,
                 change, memory, spare, total, first, t):  # fmt: skip
    """Compare, remember and change at step t, whose outputs emitted[t + 1] have been gathered; then the next step's own part, if there is one.

    vector, change, rates, lower_bounds (W,) and slots (S, W) of these rows, whose kinds begin at `offsets` (7,); memory (B, k, weights); the
    rest as in `rows.learn_and_advance`. presynaptic (B, K N + I + 1).
    """
    (k, trials, units), (outputs, everyone), kind = states.shape[1:], emitted.shape[1::2], states.dtype
    n_drives, n_inputs, channels = recurrent_ports.shape[0], x.shape[2], readouts.shape[2]
    plastic, ports = plastic_rows.shape[0], drives.shape[1]
    recurrent, input_, bias, readout, feedback, values = blocks(vector, offsets, n_drives, units, n_inputs, channels)
    d_recurrent, d_input, d_bias, d_readout, d_feedback, d_values = blocks(change, offsets, n_drives, units, n_inputs, channels)
    decay, slope = np.empty((k * k, trials, units), kind), np.empty((k * ports, trials, units), kind)
    partial, adjoint = np.empty((k * plastic, trials, units), kind), np.empty((k, trials, units), kind)
    epsilon, matrix, transposed = np.empty((trials, channels), kind), np.empty_like(readout), np.empty_like(readout)
    signal, mine = np.empty((outputs, trials, everyone), kind), np.empty((outputs, trials, units), kind)
    transpose(feedback, transposed)
    read(emitted[t + 1], readout, readouts[t], 0, trials)
    jacobian(unit, states[t], drives[t], constants, decay, slope, partial, 0, trials)
    weighted_error(learning, readouts[t], targets[t], loss_weight[t], epsilon)
    learning_signal(learning, readout, transposed, epsilon, matrix, signal)
    own_signal(signal, first, mine)
    pull_output(unit, states[t + 1], mine, constants, adjoint, 0, trials)
    change_readout(epsilon, emitted[t + 1], d_readout, d_feedback)
    arrange(emitted[t], x[t], presynaptic)
    own = Scratch(decay, slope, partial, mine, adjoint, epsilon, matrix)
    carried = Influence(memory, spare, np.empty((0, 0), kind), np.empty((0, trials, units), kind), presynaptic, total, transposed)
    remember(own, carried, recurrent, recurrent_ports, external_ports, False)
    scatter(total, presynaptic.shape[1], d_recurrent, d_input, d_bias, d_values, plastic_rows)
    clip_and_decay(vector, change, rates, clip, weight_decay)
    optimise(learning, vector, change, slots, rates, count + t + 1, settings)
    if plastic > 0:
        expect_least(vector, lower_bounds, offsets[5])
        set_constants(unit, values, parameters, constants)
    if t + 1 < loss_weight.shape[0]:
        step_causal(unit, constants, recurrent, input_, bias, recurrent_ports, external_ports, x, noise, states, drives, emitted, presynaptic,
                    shown, t + 1)  # fmt: skip


@entry
def prepare_causal(unit, vector, offsets, units, parameters, constants):
    """Constants, from the parameters as they are."""
    set_constants(unit, vector[offsets[5] : offsets[6]].reshape((offsets[6] - offsets[5]) // units, units), parameters, constants)
