"""What every loop does in a time step in which weights change: recurrent drive, step, error, learning signal, readout; copied as kernels.py is.

The loops take, of a trial, inputs (T, B, I), noise (T or 1, B, D N), where one step stands for all if there is none, targets (T, B, O) and
loss_weight (T, B), each step's loss_weight of the loss; they fill states (T + 1, k, B, N) from states[0], drives (T, P, B, N), emitted (T + 1, K, B, N) and
readouts (T, B, O). Readout and feedback are (O, K N), the feedback transposed: every loop here runs along units.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Rates, Scratch
from neurorec.formula.calls import OUTPUT, element, error, jacobian, output, pull_output, step
from neurorec.formula.entry import inlined, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]


@inlined
def scratch(states, drives, emitted, readouts, plastic):
    """Room for what a step needs, `plastic` (Q) parameters among it."""
    (k, trials, units), ports, outputs = states.shape[1:], drives.shape[1], emitted.shape[1]
    channels, kind = readouts.shape[2], states.dtype
    decay, slope = np.empty((k * k, trials, units), kind), np.empty((k * ports, trials, units), kind)
    partial, signal = np.empty((k * plastic, trials, units), kind), np.empty((outputs, trials, units), kind)
    adjoint, epsilon = np.empty((k, trials, units), kind), np.empty((trials, channels), kind)
    return Scratch(decay, slope, partial, signal, adjoint, epsilon, np.empty((channels, outputs * units), kind))


@part
def arrange(emitted, presynaptic):
    """o of each trial in one row, (B, K N) and a surplus that stays as it is; emitted (K, B, N)."""
    outputs, trials, units = emitted.shape
    for b in range(trials):
        for c in range(outputs):
            for n in range(units):
                presynaptic[b, c * units + n] = emitted[c, b, n]


@part
def recurrent_drive(recurrent, recurrent_ports, presynaptic, drives):
    """W o(t-1), to the ports of one step, drives (P, B, N); recurrent (D N, M), presynaptic (B, M)."""
    units = drives.shape[2]
    drives[:] = real(0)
    for d in range(recurrent_ports.shape[0]):
        p, first = recurrent_ports[d], d * units
        if p < 0:
            continue
        for n in range(units):
            for b in range(presynaptic.shape[0]):
                total = real(0)
                for m in range(recurrent.shape[1]):
                    total += recurrent[first + n, m] * presynaptic[b, m]
                drives[p, b, n] += total


@part
def external_drive(external, external_ports, x, noise, drives):
    """Win x(t) + b + noise, added to the ports of one step; external (I + 1, D N), x (B, I), noise (B, D N)."""
    trials, units = drives.shape[1:]
    for d in range(external_ports.shape[0]):
        p, first = external_ports[d], d * units
        if p >= 0:
            for b in range(trials):
                for n in range(units):
                    drives[p, b, n] += external[x.shape[1], first + n] + noise[b, first + n]
                for i in range(x.shape[1]):
                    for n in range(units):
                        drives[p, b, n] += external[i, first + n] * x[b, i]


@inlined
def emit_initial(unit, constants, states, emitted):
    """o(0), from the initial state."""
    if unit[OUTPUT] != 0:
        output(unit, states[0], constants, emitted[0], 0, states.shape[2])


@part
def weighted_error(learning, y, targets, loss_weight, epsilon):
    """epsilon (B, O): minus dL/dy of one step, times the step's loss_weight of the loss; y and targets (B, O), loss_weight (B,)."""
    error(learning, y, targets, epsilon)
    for b in range(epsilon.shape[0]):
        for o in range(epsilon.shape[1]):
            epsilon[b, o] *= loss_weight[b]


@part
def learning_signal(learning, readout, feedback, epsilon, matrix, signal):
    """signal (K, B, N) = B eps; matrix (O, K N) is filled with B transposed."""
    outputs, trials, units = signal.shape
    for o in range(matrix.shape[0]):
        element(learning, readout[o], feedback[o], matrix[o])
    signal[:] = real(0)
    for c in range(outputs):
        for b in range(trials):
            for o in range(epsilon.shape[1]):
                for n in range(units):
                    signal[c, b, n] += matrix[o, c * units + n] * epsilon[b, o]


@inlined
def step_and_teach(unit, learning, constants, readout, feedback, states, drives, emitted, readouts, targets, loss_weight, t, own: Scratch):
    """s(t), o(t) and y(t), from s(t-1) and the drives of this step, and what weights learn from it.

    D, F and G, eps, and the signal of each output and state. The step is `t` of those counted from 0.
    """
    decay, slope, partial, signal, adjoint, epsilon, matrix = own
    trials = states.shape[2]
    step(unit, states[t], drives[t], constants, states[t + 1], 0, trials)
    if unit[OUTPUT] != 0:
        output(unit, states[t + 1], constants, emitted[t + 1], 0, trials)
    read(emitted[t + 1], readout, readouts[t], 0, trials)
    jacobian(unit, states[t], drives[t], constants, decay, slope, partial, 0, trials)
    weighted_error(learning, readouts[t], targets[t], loss_weight[t], epsilon)
    learning_signal(learning, readout, feedback, epsilon, matrix, signal)
    pull_output(unit, states[t + 1], signal, constants, adjoint, 0, trials)


@part
def learn_readout(readout, feedback, epsilon, emitted, rates: Rates, decay):
    """Wout += rate (eps o^T - decay Wout), and a feedback that learns moves alike (its rate is 0 where it is fixed); emitted (K, B, N)."""
    outputs, trials, units = emitted.shape
    keep, keep_feedback = real(1) - rates.readout * decay, real(1) - rates.feedback * decay
    for o in range(readout.shape[0]):
        for p in range(outputs * units):
            readout[o, p] *= keep
            feedback[o, p] *= keep_feedback
        for c in range(outputs):
            for b in range(trials):
                scale, scale_feedback = rates.readout * epsilon[b, o], rates.feedback * epsilon[b, o]
                for n in range(units):
                    readout[o, c * units + n] += scale * emitted[c, b, n]
                    feedback[o, c * units + n] += scale_feedback * emitted[c, b, n]
