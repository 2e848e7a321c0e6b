"""The time loop of a local rule whose weights change at every step, in one pass over traces and weights; copied as kernels.py is.

For gradient descent without clipping nothing about a step's change must be known as a whole, so that each row of the
weights is traced, changed and left while it lies in the nearest cache. `causal` does every other case.
"""

from __future__ import annotations

import numpy as np

from .causal import drive, presynaptic, read, teach  # pyright: ignore[reportMissingImports]
from .teaching import error  # pyright: ignore[reportMissingImports]
from .unit import compiled, jacobian, output, pull_output, real, step  # pyright: ignore[reportMissingImports]


@compiled
def trace_row(trace, decay, adjoint, recurrent_gain, external_gain, pre, heard, fresh, moved):
    """e <- D e + F pre of one row of synapses in one trial, and moved += signal e.

    trace (k, M), decay (k k,), adjoint (k,), gains (k,), pre (M,), fresh (k, M) is scratch, moved (M,).
    """
    states, width = trace.shape
    for j in range(states):
        row = fresh[j]
        for m in range(heard):
            row[m] = recurrent_gain[j] * pre[m]
        for m in range(heard, width):
            row[m] = external_gain[j] * pre[m]
        for i in range(states):
            keep, before = decay[j * states + i], trace[i]
            if keep != real(0):
                for m in range(width):
                    row[m] += keep * before[m]
    for j in range(states):
        row, kept, scale = fresh[j], trace[j], adjoint[j]
        for m in range(width):
            kept[m] = row[m]
            moved[m] += scale * row[m]


@compiled
def shift(weights, change, rate, decay):
    """W <- (1 - rate decay) W + rate dW, flat arrays."""
    keep = real(1) - rate * decay
    for p in range(weights.shape[0]):
        weights[p] = keep * weights[p] + rate * change[p]


@compiled
def learn_rows(
    recurrent, input_, bias, recurrent_ports, external_ports, rates, decay, trace, self_decay, slope, adjoint, pre, moved, fresh
):
    """Trace and change every row of synapses once."""
    k, units, trials = adjoint.shape[0], adjoint.shape[2], adjoint.shape[1]
    ports, heard, width = slope.shape[0] // k, recurrent.shape[1], moved.shape[0]
    recurrent_gain, external_gain = np.zeros(k, adjoint.dtype), np.zeros(k, adjoint.dtype)
    for row in range(bias.shape[0]):
        d, n = row // units, row % units
        moved[:] = real(0)
        for b in range(trials):
            for j in range(k):
                if recurrent_ports[d] >= 0:
                    recurrent_gain[j] = slope[j * ports + recurrent_ports[d], b, n]
                if external_ports[d] >= 0:
                    external_gain[j] = slope[j * ports + external_ports[d], b, n]
            trace_row(trace[row, b], self_decay[:, b, n], adjoint[:, b, n], recurrent_gain, external_gain, pre[b], heard, fresh, moved)
        shift(recurrent[row], moved[:heard], rates[0], decay)
        shift(input_[row], moved[heard : width - 1], rates[1], decay)
        bias[row] = (real(1) - rates[2] * decay) * bias[row] + rates[2] * moved[width - 1]


@compiled
def learn_rows_of_one_state(
    recurrent, input_, bias, recurrent_ports, external_ports, rates, decay, trace, self_decay, slope, adjoint, pre, moved
):
    """The same where a unit has one state: one sweep a row, without a view a row, which would cost as much as a short row."""
    trials, units = adjoint.shape[1:]
    heard, width = recurrent.shape[1], moved.shape[0]
    for row in range(bias.shape[0]):
        d = row // units
        n, p, q = row - d * units, recurrent_ports[d], external_ports[d]
        for m in range(width):
            moved[m] = real(0)
        for b in range(trials):
            keep, scale = self_decay[0, b, n], adjoint[0, b, n]
            gain = slope[p, b, n] if p >= 0 else real(0)
            for m in range(heard):
                e = keep * trace[row, b, 0, m] + gain * pre[b, m]
                trace[row, b, 0, m] = e
                moved[m] += scale * e
            gain = slope[q, b, n] if q >= 0 else real(0)
            for m in range(heard, width):
                e = keep * trace[row, b, 0, m] + gain * pre[b, m]
                trace[row, b, 0, m] = e
                moved[m] += scale * e
        shrink = real(1) - rates[0] * decay
        for m in range(heard):
            recurrent[row, m] = shrink * recurrent[row, m] + rates[0] * moved[m]
        for m in range(input_.shape[1]):
            input_[row, m] += rates[1] * (moved[heard + m] - decay * input_[row, m])
        bias[row] += rates[2] * (moved[width - 1] - decay * bias[row])


@compiled
def fused(recurrent, input_, bias, readout, feedback, constants, recurrent_ports, external_ports, rates, decay,
          inputs, noise, targets, share, states, drives, emitted, readouts):  # fmt: skip
    """Step, compare, trace and change, for every step of some trials; weights change in place.

    rates (5,): of recurrent, input, bias, readout, feedback. Fills states, drives, emitted and readouts.
    """
    steps, trials = share.shape
    k, ports, units, n_out = states.shape[1], drives.shape[1], states.shape[3], emitted.shape[1]
    width = n_out * units + inputs.shape[2] + 1
    trace = np.zeros((bias.shape[0], trials, k, width), states.dtype)
    fresh, moved, pre = np.empty((k, width), states.dtype), np.empty(width, states.dtype), np.empty((trials, width), states.dtype)
    self_decay, slope = np.empty((k * k, trials, units), states.dtype), np.empty((k * ports, trials, units), states.dtype)
    partial, signal = np.empty((0, trials, units), states.dtype), np.empty((n_out, trials, units), states.dtype)
    adjoint = np.empty((k, trials, units), states.dtype)
    readout_change, feedback_change = np.empty_like(readout), np.empty_like(feedback)
    output(states[0], constants, emitted[0])
    for t in range(steps):
        drive(recurrent, input_, bias, emitted[t], inputs[t], noise[t % noise.shape[0]], recurrent_ports, external_ports, drives[t])
        step(states[t], drives[t], constants, states[t + 1])
        output(states[t + 1], constants, emitted[t + 1])
        read(readout, emitted[t + 1], readouts[t])
        jacobian(states[t], drives[t], constants, self_decay, slope, partial)
        epsilon = error(readouts[t], targets[t])
        for b in range(trials):
            epsilon[b] *= share[t, b]
        teach(readout, feedback, epsilon, emitted[t + 1], signal, readout_change, feedback_change)
        pull_output(states[t + 1], signal, constants, adjoint)
        presynaptic(emitted[t], inputs[t], pre)
        if k == 1:
            learn_rows_of_one_state(
                recurrent, input_, bias, recurrent_ports, external_ports, rates, decay, trace, self_decay, slope, adjoint, pre, moved
            )
        else:
            learn_rows(
                recurrent, input_, bias, recurrent_ports, external_ports, rates, decay, trace, self_decay, slope, adjoint, pre, moved, fresh
            )
        shift(readout.reshape(-1), readout_change.reshape(-1), rates[3], decay)
        shift(feedback.reshape(-1), feedback_change.reshape(-1), rates[4], decay)
