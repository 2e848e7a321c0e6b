"""What every loop does in a time step in which weights change: recurrent drive, step, error, learning signal, readout; copied as kernels.py is.

Readout and feedback are (O, K N), the feedback transposed: every loop here runs along units.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Lesson, Scratch, Trial
from neurorec.formula.calls import OUTPUT, element, error, jacobian, output, pull_output, step
from neurorec.formula.entry import part

from .precision import real  # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]


@part
def scratch(trial: Trial, plastic):
    """Room for what a step needs, `plastic` (Q) parameters among it."""
    (k, trials, units), ports, outputs = trial.states.shape[1:], trial.drives.shape[1], trial.emitted.shape[1]
    channels, kind = trial.readout.shape[2], trial.states.dtype
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
    for row in range(recurrent.shape[0]):
        d = row // units
        if recurrent_ports[d] >= 0:
            for b in range(presynaptic.shape[0]):
                total = real(0)
                for m in range(recurrent.shape[1]):
                    total += recurrent[row, m] * presynaptic[b, m]
                drives[recurrent_ports[d], b, row - d * units] += total


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


@part
def emit_initial(unit, constants, trial: Trial):
    """o(0), from the initial state."""
    if unit[OUTPUT] != 0:
        output(unit, trial.states[0], constants, trial.emitted[0], 0, trial.states.shape[2])


@part
def step_units(unit, constants, readout, trial: Trial, t):
    """s(t), o(t) and y(t), from s(t-1) and the drives of this step, which is `t` of those counted from 0."""
    trials = trial.states.shape[2]
    step(unit, trial.states[t], trial.drives[t], constants, trial.states[t + 1], 0, trials)
    if unit[OUTPUT] != 0:
        output(unit, trial.states[t + 1], constants, trial.emitted[t + 1], 0, trials)
    read(trial.emitted[t + 1], readout, trial.readout[t], 0, trials)


@part
def weighted_error(teaching, lesson: Lesson, readout, t, epsilon):
    """epsilon (B, O): minus dL/dy of one step, times the step's share of the loss; readout (T, B, O)."""
    error(teaching, readout[t], lesson.targets[t], epsilon)
    for b in range(epsilon.shape[0]):
        for o in range(epsilon.shape[1]):
            epsilon[b, o] *= lesson.share[t, b]


@part
def learning_signal(teaching, readout, feedback, epsilon, matrix, signal):
    """signal (K, B, N) = B eps; matrix (O, K N) is filled with B transposed."""
    outputs, trials, units = signal.shape
    for o in range(matrix.shape[0]):
        element(teaching, readout[o], feedback[o], matrix[o])
    signal[:] = real(0)
    for c in range(outputs):
        for b in range(trials):
            for o in range(epsilon.shape[1]):
                for n in range(units):
                    signal[c, b, n] += matrix[o, c * units + n] * epsilon[b, o]


@part
def step_and_teach(unit, teaching, constants, readout, feedback, lesson: Lesson, trial: Trial, t, own: Scratch):
    """A step of the units from drives[t], and what weights learn from it: D, F and G, eps, and the signal of each output and state."""
    trials = trial.states.shape[2]
    step_units(unit, constants, readout, trial, t)
    jacobian(unit, trial.states[t], trial.drives[t], constants, own.decay, own.slope, own.partial, 0, trials)
    weighted_error(teaching, lesson, trial.readout, t, own.error)
    learning_signal(teaching, readout, feedback, own.error, own.matrix, own.signal)
    pull_output(unit, trial.states[t + 1], own.signal, constants, own.adjoint, 0, trials)


@part
def learn_readout(readout, feedback, epsilon, emitted, rates, decay):
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
