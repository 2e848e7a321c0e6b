"""One time step of some rows of a network, up to where it must hear of the other units; copied into a package as the numba engine's loops are.

The outputs of all units, emitted (T + 1, K, B, N), are gathered between two calls; everything else is of the n units of these rows: states
(T + 1, k, B, n), drives (T, P, B, n), and `shown` (K, B, n), their outputs. A row's numbers do not depend on which other rows there are.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Rates
from neurorec.formula.calls import OUTPUT, jacobian, output, pull_output, step
from neurorec.formula.entry import entry, inlined, part

from .fused import learn_external  # pyright: ignore[reportMissingImports]
from .kernels import FEW, bias_and_noise, multiply  # pyright: ignore[reportMissingImports]
from .learning import first_drive, learn_recurrent, learn_recurrent_alone  # pyright: ignore[reportMissingImports]
from .precision import real  # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]
from .time_step import arrange, external_drive, learn_readout, learning_signal, weighted_error  # pyright: ignore[reportMissingImports]


@part
def show(unit, states, constants, shown):
    """Outputs of these units in one state, states (k, B, n)."""
    if unit[OUTPUT] != 0:
        output(unit, states, constants, shown, 0, states.shape[1])
    else:
        for b in range(states.shape[1]):
            for n in range(states.shape[2]):
                shown[0, b, n] = states[0, b, n]


@entry
def begin(unit, constants, states, shown):
    """o(0)."""
    show(unit, states[0], constants, shown)


@entry
def advance(unit, constants, recurrent, input_, bias, recurrent_ports, external_ports, x, noise, states, drives, emitted, shown, t):
    """u(t) = W o(t-1) + Win x(t) + b + noise(t), s(t) and o(t) of these rows, whose weights stand still.

    recurrent (D K, ...) and input_ (D, ...) are packed as `kernels.forward` has them; bias (D n,), noise (T or 0, B, D n).
    """
    _, ports, trials, units = drives.shape
    outputs, inputs, everyone = emitted.shape[1], x.shape[2], emitted.shape[3]
    x_row, emitted_row, drives_row = x.reshape(-1), emitted.reshape(-1), drives.reshape(-1)
    between, input_row = recurrent.reshape(-1), input_.reshape(-1)
    for d in range(recurrent_ports.shape[0]):
        p, q = recurrent_ports[d], external_ports[d]
        if q >= 0:
            bias_and_noise(bias, noise, drives, q, t, d, 0, trials)
            multiply(
                x_row, t * trials * inputs, input_row, d, inputs, drives_row, (t * ports + q) * trials * units, trials, units, np.intp(1)
            )
        if p >= 0:
            for c in range(outputs):
                start, to = (t * outputs + c) * trials * everyone, (t * ports + p) * trials * units
                keep = max(np.intp(1 if p == q else 0), min(c, 1))
                multiply(emitted_row, start, between, d * outputs + c, everyone, drives_row, to, trials, units, keep)
    step(unit, states[t], drives[t], constants, states[t + 1], 0, trials)
    show(unit, states[t + 1], constants, shown)


@entry
def read_all(packed, readout, emitted, readouts):
    """y(t) = Wout o(t) of every step; packed (K, ...) is Wout^T, readout (O, K N)."""
    trials, channels, outputs, everyone = readouts.shape[1], readouts.shape[2], emitted.shape[1], emitted.shape[3]
    emitted_row, readouts_row, packed_row = emitted.reshape(-1), readouts.reshape(-1), packed.reshape(-1)
    for t in range(readouts.shape[0]):
        if channels > FEW:
            for c in range(outputs):
                start, to = ((t + 1) * outputs + c) * trials * everyone, t * trials * channels
                multiply(emitted_row, start, packed_row, c, everyone, readouts_row, to, trials, channels, min(c, 1))
        else:
            read(emitted[t + 1], readout, readouts[t], 0, trials)


@inlined
def step_online(unit, constants, external, external_ports, x, noise, states, drives, shown, t):
    """s(t) and o(t); of drives[t] the recurrent part is there."""
    external_drive(external, external_ports, x[t], noise[t % noise.shape[0]], drives[t])
    step(unit, states[t], drives[t], constants, states[t + 1], 0, states.shape[2])
    show(unit, states[t + 1], constants, shown)


@entry
def begin_online(unit, constants, recurrent, external, recurrent_ports, external_ports, x, noise, states, drives, emitted, shown):
    """The first step; emitted[0] is there."""
    coming = np.zeros((emitted.shape[2], recurrent.shape[1]), emitted.dtype)
    arrange(emitted[0], coming)
    first_drive(recurrent, recurrent_ports, coming, drives[0])
    step_online(unit, constants, external, external_ports, x, noise, states, drives, shown, 0)


@part
def own_signal(signal, first, own):
    """Of the learning signal of all units, (K, B, N), that of these, (K, B, n)."""
    for c in range(own.shape[0]):
        for b in range(own.shape[1]):
            for n in range(own.shape[2]):
                own[c, b, n] = signal[c, b, first + n]


@entry
def learn_and_advance(unit, learning, constants, recurrent, external, readout, feedback, recurrent_ports, external_ports, rates, weight_decay,
                      trace, external_trace, presynaptic, coming, x, noise, targets, loss_weight, states, drives, emitted, readouts, shown, first, t):  # fmt: skip
    """Compare, trace and change at step t, whose outputs emitted[t + 1] have been gathered; then the next step's own part, if there is one.

    As `fused.fused`, of rows: recurrent (D n, M) and trace (D n, B, k, M) as ``.learning`` takes them, external (I + 1, D n), its trace
    (I + 1, k, B, D n); readout and feedback (O, K N) of all units, which every rank changes alike; presynaptic and coming (B, M), zeros beyond K N.
    """
    rate = Rates(rates[0], rates[1], rates[2], rates[3], rates[4])
    (k, trials, units), outputs, kind = states.shape[1:], emitted.shape[1], states.dtype
    ports, channels, everyone, width = drives.shape[1], readouts.shape[2], emitted.shape[3], recurrent.shape[1]
    decay, slope = np.empty((k * k, trials, units), kind), np.empty((k * ports, trials, units), kind)
    partial, adjoint = np.empty((0, trials, units), kind), np.empty((k, trials, units), kind)
    epsilon, matrix = np.empty((trials, channels), kind), np.empty((channels, outputs * everyone), kind)
    signal, mine = np.empty((outputs, trials, everyone), kind), np.empty((outputs, trials, units), kind)
    read(emitted[t + 1], readout, readouts[t], 0, trials)
    jacobian(unit, states[t], drives[t], constants, decay, slope, partial, 0, trials)
    weighted_error(learning, readouts[t], targets[t], loss_weight[t], epsilon)
    learning_signal(learning, readout, feedback, epsilon, matrix, signal)
    own_signal(signal, first, mine)
    pull_output(unit, states[t + 1], mine, constants, adjoint, 0, trials)
    arrange(emitted[t], presynaptic)
    arrange(emitted[t + 1], coming)
    after, steps = np.empty((ports, trials, units), kind), drives.shape[0]
    following, shrink = drives[t + 1] if t + 1 < steps else after, real(1) - rate.recurrent * weight_decay
    if k == 1 and trials == 1:
        learn_recurrent_alone(
            recurrent, recurrent_ports, rate.recurrent, shrink, trace, decay, slope, adjoint, presynaptic, coming, following
        )
    else:
        fresh = np.empty((k, width), kind)
        learn_recurrent(
            recurrent, recurrent_ports, rate.recurrent, shrink, trace, decay, slope, adjoint, presynaptic, coming, fresh, following
        )
    fresh_external = np.empty((k, units), kind)
    learn_external(external, external_ports, rate, weight_decay, external_trace, decay, slope, adjoint, x[t], fresh_external)
    learn_readout(readout, feedback, epsilon, emitted[t + 1], rate, weight_decay)
    if t + 1 < steps:
        step_online(unit, constants, external, external_ports, x, noise, states, drives, shown, t + 1)
