"""The time loop of a local rule whose weights change at every step, in one pass over traces and weights; copied as kernels.py is.

For gradient descent without clipping nothing about a step's change must be known as a whole, so that each row of the
weights is traced, changed and multiplied by the next step's activity while it lies in the nearest cache: weights and
traces are read and written once a step. `causal` does every other case.

Rows of recurrent weights and traces begin on a cache line, so that their width is rounded up; the surplus is zero. Input
weights and biases are the few columns ``external (I + 1, D N)``, so that loops run along units.
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.calls import OUTPUT, error, jacobian, output, pull_output, step
from neurorec.formula.entry import entry, part

from .answer import learn_readout, spread  # pyright: ignore[reportMissingImports]
from .precision import real  # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]


@part
def present(emitted, pre):
    """o of each trial in one row, (B, K N) and a surplus that stays as it is."""
    outputs, trials, units = emitted.shape
    for b in range(trials):
        for c in range(outputs):
            for n in range(units):
                pre[b, c * units + n] = emitted[c, b, n]


@part
def listen(recurrent, recurrent_ports, pre, drives):
    """W o(t-1), to the ports of one step (ports, B, N), with weights as they are."""
    units = drives.shape[2]
    drives[:] = real(0)
    for row in range(recurrent.shape[0]):
        d = row // units
        if recurrent_ports[d] >= 0:
            for b in range(pre.shape[0]):
                total = real(0)
                for m in range(pre.shape[1]):
                    total += recurrent[row, m] * pre[b, m]
                drives[recurrent_ports[d], b, row - d * units] += total


@part
def add_external(external, external_ports, x, noise, drives):
    """Win x(t) + b + noise, added to the ports of one step; x (B, I), noise (B, D N)."""
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
def learn_recurrent_alone(recurrent, recurrent_ports, rate, shrink, trace, decay, slope, adjoint, pre, coming, drives):
    """As `learn_recurrent`, for units of one state in one trial: one sweep a row."""
    units, width = drives.shape[2], recurrent.shape[1]
    drives[:] = real(0)
    for d in range(recurrent_ports.shape[0]):
        p, first = recurrent_ports[d], d * units
        if p < 0:
            recurrent[first : first + units] *= shrink
            continue
        for n in range(units):
            keep, gain, scale, total = decay[0, 0, n], slope[p, 0, n], rate * adjoint[0, 0, n], real(0)
            for m in range(width):
                e = keep * trace[first + n, 0, 0, m] + gain * pre[0, m]
                trace[first + n, 0, 0, m] = e
                w = shrink * recurrent[first + n, m] + scale * e
                recurrent[first + n, m] = w
                total += w * coming[0, m]
            drives[p, 0, n] += total


@part
def learn_recurrent(recurrent, recurrent_ports, rate, shrink, trace, decay, slope, adjoint, pre, coming, fresh, drives):
    """e <- D e + F o(t-1)^T, W <- shrink W + rate signal e, and W o(t), the recurrent part of the next drives (ports, B, N).

    trace (D N, B, k, M), decay (k k, B, N), slope (k ports, B, N), adjoint (k, B, N), pre and coming (B, M); fresh (k, M) is scratch.
    """
    k, trials, units = adjoint.shape
    ports, width = drives.shape[0], recurrent.shape[1]
    drives[:] = real(0)
    for row in range(recurrent.shape[0]):
        d = row // units
        n, p = row - d * units, recurrent_ports[d]
        for m in range(width):
            recurrent[row, m] *= shrink
        if p < 0:  # no unit is heard through it: nothing is learnt
            continue
        for b in range(trials):
            if k == 1:
                keep, gain, scale = decay[0, b, n], slope[p, b, n], rate * adjoint[0, b, n]
                for m in range(width):
                    e = keep * trace[row, b, 0, m] + gain * pre[b, m]
                    trace[row, b, 0, m] = e
                    recurrent[row, m] += scale * e
                continue
            for j in range(k):
                keep, gain = decay[j * k + j, b, n], slope[j * ports + p, b, n]
                for m in range(width):
                    fresh[j, m] = keep * trace[row, b, j, m] + gain * pre[b, m]
                for i in range(k):
                    keep = decay[j * k + i, b, n]
                    if i != j and keep != real(0):
                        for m in range(width):
                            fresh[j, m] += keep * trace[row, b, i, m]
            for j in range(k):
                scale = rate * adjoint[j, b, n]
                for m in range(width):
                    trace[row, b, j, m] = fresh[j, m]
                    recurrent[row, m] += scale * fresh[j, m]
        for b in range(trials):
            total = real(0)
            for m in range(width):
                total += recurrent[row, m] * coming[b, m]
            drives[p, b, n] += total


@part
def learn_external(external, external_ports, rates, weight_decay, trace, decay, slope, adjoint, x, fresh):
    """The same of input weights and biases, external (I + 1, D N); trace (I + 1, k, B, D N), fresh (k, D N) is scratch."""
    k, trials, units = adjoint.shape
    ports, inputs = slope.shape[0] // k, x.shape[1]
    for i in range(inputs + 1):
        rate = rates[1] if i < inputs else rates[2]
        shrink = real(1) - rate * weight_decay
        for d in range(external_ports.shape[0]):
            q, first = external_ports[d], d * units
            for n in range(first, first + units):
                external[i, n] *= shrink
            if q < 0:
                continue
            for b in range(trials):
                pre = x[b, i] if i < inputs else real(1)
                for j in range(k):
                    for n in range(units):
                        fresh[j, n] = slope[j * ports + q, b, n] * pre
                    for c in range(k):
                        for n in range(units):
                            fresh[j, n] += decay[j * k + c, b, n] * trace[i, c, b, first + n]
                for j in range(k):
                    for n in range(units):
                        trace[i, j, b, first + n] = fresh[j, n]
                        external[i, first + n] += rate * adjoint[j, b, n] * fresh[j, n]


@entry
def fused(unit, learning, recurrent, external, readout, back, constants, recurrent_ports, external_ports, rates, weight_decay, trace,
          inputs, noise, targets, loss_weight, states, drives, emitted, readouts):  # fmt: skip
    """Step, compare, trace and change, for every step of some trials; weights change in place.

    recurrent (D N, M), trace (D N, B, k, M) of zeros, with M at least K N; external (I + 1, D N), readout and back (O, K N);
    rates (5,): of recurrent, input, bias, readout, feedback. Fills states, drives, emitted and readouts.
    """
    steps, trials = loss_weight.shape
    k, ports, units, n_out = states.shape[1], drives.shape[1], states.shape[3], emitted.shape[1]
    external_trace = np.zeros((external.shape[0], k, trials, external.shape[1]), states.dtype)
    fresh, fresh_external = np.empty((k, recurrent.shape[1]), states.dtype), np.empty((k, units), states.dtype)
    pre, coming = np.zeros((trials, recurrent.shape[1]), states.dtype), np.zeros((trials, recurrent.shape[1]), states.dtype)
    decay, slope = np.empty((k * k, trials, units), states.dtype), np.empty((k * ports, trials, units), states.dtype)
    partial, signal = np.empty((0, trials, units), states.dtype), np.empty((n_out, trials, units), states.dtype)
    adjoint, after = np.empty((k, trials, units), states.dtype), np.empty(drives.shape[1:], states.dtype)
    shrink = real(1) - rates[0] * weight_decay
    epsilon, matrix = np.empty((trials, readout.shape[0]), states.dtype), np.empty_like(readout)
    if unit[OUTPUT] != 0:
        output(unit, states[0], constants, emitted[0], 0, trials)
    present(emitted[0], coming)
    listen(recurrent, recurrent_ports, coming, drives[0])
    for t in range(steps):
        pre, coming = coming, pre
        add_external(external, external_ports, inputs[t], noise[t % noise.shape[0]], drives[t])
        step(unit, states[t], drives[t], constants, states[t + 1], 0, trials)
        if unit[OUTPUT] != 0:
            output(unit, states[t + 1], constants, emitted[t + 1], 0, trials)
        read(emitted[t + 1], readout, readouts[t], 0, trials)
        jacobian(unit, states[t], drives[t], constants, decay, slope, partial, 0, trials)
        error(learning, readouts[t], targets[t], epsilon)
        for b in range(trials):
            for o in range(epsilon.shape[1]):
                epsilon[b, o] *= loss_weight[t, b]
        spread(learning, readout, back, epsilon, matrix, signal)
        pull_output(unit, states[t + 1], signal, constants, adjoint, 0, trials)
        present(emitted[t + 1], coming)
        following = drives[t + 1] if t + 1 < steps else after
        if k == 1 and trials == 1:
            learn_recurrent_alone(recurrent, recurrent_ports, rates[0], shrink, trace, decay, slope, adjoint, pre, coming, following)
        else:
            learn_recurrent(recurrent, recurrent_ports, rates[0], shrink, trace, decay, slope, adjoint, pre, coming, fresh, following)
        learn_external(external, external_ports, rates, weight_decay, external_trace, decay, slope, adjoint, inputs[t], fresh_external)
        learn_readout(readout, back, epsilon, emitted[t + 1], rates, weight_decay)
