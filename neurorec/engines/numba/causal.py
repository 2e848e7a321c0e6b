"""The time loop of a trial in causal order, in which weights may change at every step; copied as kernels.py is.

What a synapse carries along is its *memory*: for a local rule its own trace, (k, weights); for a full one the
influence of every weight on every unit's states, (k N, weights). Weights of a unit are laid out side by side:
``[o(t-1) | x(t) | 1]`` for each drive, then the plastic parameters.
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.calls import OUTPUT, element, emission, error, jacobian, optimise, output, prepare, pull_output, step
from neurorec.formula.entry import entry, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]


@part
def drive(recurrent, inputs, bias, emitted, x, noise, recurrent_ports, external_ports, drives):
    """u(t) = W o(t-1) + Win x(t) + b + noise, to the ports of one step (ports, B, N); emitted (K, B, N), x (B, I)."""
    outputs, trials, units = emitted.shape
    drives[:] = real(0)
    for row in range(bias.shape[0]):
        d, n = row // units, row % units
        for b in range(trials):
            if external_ports[d] >= 0:
                total = bias[row] + noise[b, row]
                for i in range(x.shape[1]):
                    total += inputs[row, i] * x[b, i]
                drives[external_ports[d], b, n] += total
            if recurrent_ports[d] >= 0:
                total = real(0)
                for c in range(outputs):
                    for m in range(units):
                        total += recurrent[row, c * units + m] * emitted[c, b, m]
                drives[recurrent_ports[d], b, n] += total


@part
def presynaptic(emitted, x, pre):
    """[o(t-1) | x(t) | 1] of each trial, (B, K N + I + 1)."""
    outputs, trials, units = emitted.shape
    for b in range(trials):
        for c in range(outputs):
            pre[b, c * units : (c + 1) * units] = emitted[c, b]
        pre[b, outputs * units : pre.shape[1] - 1] = x[b]
        pre[b, pre.shape[1] - 1] = real(1)


@part
def add_immediate(memory, stride, slope, partial, pre, heard, recurrent_ports, external_ports, states, units):
    """F pre(t) and G of one trial, into the memory rows ``j * stride + (unit if stride > 1)``.

    slope (k ports, N), partial (k Q, N), pre (M,), of which the first `heard` come from units.
    """
    ports, width = slope.shape[0] // states, pre.shape[0]
    drives, plastic = recurrent_ports.shape[0], partial.shape[0] // states
    for j in range(states):
        for d in range(drives):
            for n in range(units):
                row, start = j * stride + (n if stride > 1 else 0), (d * units + n) * width
                if recurrent_ports[d] >= 0:
                    gain = slope[j * ports + recurrent_ports[d], n]
                    for m in range(heard):
                        memory[row, start + m] += gain * pre[m]
                if external_ports[d] >= 0:
                    gain = slope[j * ports + external_ports[d], n]
                    for m in range(heard, width):
                        memory[row, start + m] += gain * pre[m]
        for q in range(plastic):
            for n in range(units):
                row = j * stride + (n if stride > 1 else 0)
                memory[row, (drives * width + q) * units + n] += partial[j * plastic + q, n]


@part
def decay_local(memory, spare, decay, states, units, width, drives):
    """e <- D e: each synapse's own trace, of one trial; memory (k, weights), decay (k k, N)."""
    spare[:] = memory
    memory[:] = real(0)
    for j in range(states):
        for i in range(states):
            for d in range(drives):
                for n in range(units):
                    gain, start = decay[j * states + i, n], (d * units + n) * width
                    for m in range(start, start + width):
                        memory[j, m] += gain * spare[i, m]
            for m in range(drives * units * width, memory.shape[1]):
                memory[j, m] += decay[j * states + i, m % units] * spare[i, m]


@part
def carry_full(memory, spare, mixing, decay, slope, gain, recurrent, recurrent_ports, states, units):
    """P <- (D + F W O) P of one trial; memory (k N, weights), gain (K k, N) is O."""
    ports, outputs = slope.shape[0] // states, gain.shape[0] // states
    mixing[:] = real(0)
    for j in range(states):
        for n in range(units):
            for i in range(states):
                mixing[j * units + n, i * units + n] = decay[j * states + i, n]
                for d in range(recurrent_ports.shape[0]):
                    if recurrent_ports[d] >= 0:
                        through = slope[j * ports + recurrent_ports[d], n]
                        for c in range(outputs):
                            for m in range(units):
                                mixing[j * units + n, i * units + m] += (
                                    through * recurrent[d * units + n, c * units + m] * gain[c * states + i, m]
                                )
    spare[:] = memory
    np.dot(mixing, spare, memory)


@part
def collect(memory, stride, signal, units, synapses, width, total):
    """Sum signal times memory of one trial into total (weights,); signal (k, N)."""
    for j in range(signal.shape[0]):
        if stride > 1:
            for n in range(units):
                for m in range(memory.shape[1]):
                    total[m] += signal[j, n] * memory[j * stride + n, m]
        else:
            for row in range(synapses // width):
                for m in range(row * width, (row + 1) * width):
                    total[m] += signal[j, row % units] * memory[j, m]
            for m in range(synapses, memory.shape[1]):
                total[m] += signal[j, m % units] * memory[j, m]


@part
def scatter(total, width, heard, offsets, plastic_rows, units, change):
    """From the memory's order of weights to the flat vector's: recurrent, input, bias; plastic parameters to their rows."""
    rows, inputs = (offsets[3] - offsets[2]), width - heard - 1
    for row in range(rows):
        start = row * width
        for m in range(heard):
            change[offsets[0] + row * heard + m] = total[start + m]
        for m in range(inputs):
            change[offsets[1] + row * inputs + m] = total[start + heard + m]
        change[offsets[2] + row] = total[start + width - 1]
    for q in range(plastic_rows.shape[0]):
        for n in range(units):
            change[offsets[5] + plastic_rows[q] * units + n] = total[rows * width + q * units + n]


@part
def teach(learning, readout, feedback, epsilon, emitted, back, matrix, signal, readout_change, feedback_change):
    """signal = B eps, (K, B, N); dWout = eps o^T, and its transpose for a feedback that learns.

    back and matrix (O, K N) are filled with the feedback weights and B, transposed.
    """
    outputs, trials, units = emitted.shape
    for o in range(readout.shape[0]):
        for row in range(readout.shape[1]):
            back[o, row] = feedback[row, o]
        element(learning, readout[o], back[o], matrix[o])
    for c in range(outputs):
        for n in range(units):
            row = c * units + n
            for b in range(trials):
                signal[c, b, n] = real(0)
            for o in range(readout.shape[0]):
                total = real(0)
                for b in range(trials):
                    signal[c, b, n] += matrix[o, row] * epsilon[b, o]
                    total += epsilon[b, o] * emitted[c, b, n]
                readout_change[o, row] = total
                feedback_change[row, o] = total


@part
def clip_and_decay(vector, change, rates, clip, decay):
    """Shorten the change to norm `clip` over the weights that move; shrink those by ``rate * decay``."""
    if clip < np.inf:
        norm = 0.0
        for p in range(change.shape[0]):
            if rates[p] > 0:
                norm += float(change[p]) * float(change[p])
        if norm > clip * clip:
            change *= real(clip / np.sqrt(norm))
    if decay > 0:
        for p in range(vector.shape[0]):
            vector[p] *= real(1) - rates[p] * real(decay)


@entry
def causal(unit, learning, vector, slots, offsets, sizes, plastic_rows, recurrent_ports, external_ports, full, dt,
           inputs, noise, targets, loss_weight, states, drives, emitted, readouts, rates, clip, decay, lower_bounds, settings, count):  # fmt: skip
    """Step, remember, compare, change: for every step of some trials; weights change in place in `vector` and `slots`.

    Fills states, drives, emitted and readouts.
    sizes: k, D, K, N, ports, plastic parameters, constants, inputs, outputs.
    """
    k, n_drives, n_out, units, ports, plastic, n_constants, n_inputs, n_read = sizes
    steps, trials = loss_weight.shape
    heard, width = n_out * units, n_out * units + n_inputs + 1
    synapses = n_drives * units * width
    stride = units if full else 1
    recurrent = vector[offsets[0] : offsets[1]].reshape(n_drives * units, heard)
    input_ = vector[offsets[1] : offsets[2]].reshape(n_drives * units, n_inputs)
    bias = vector[offsets[2] : offsets[3]]
    readout = vector[offsets[3] : offsets[4]].reshape(n_read, heard)
    feedback = vector[offsets[4] : offsets[5]].reshape(heard, n_read)
    change = np.zeros_like(vector)
    readout_change = change[offsets[3] : offsets[4]].reshape(n_read, heard)
    feedback_change = change[offsets[4] : offsets[5]].reshape(heard, n_read)
    n_parameters = (offsets[6] - offsets[5]) // units
    steady = np.empty((n_parameters + 1, 1, units), vector.dtype)
    steady[:n_parameters, 0] = vector[offsets[5] : offsets[6]].reshape(n_parameters, units)
    steady[n_parameters] = dt
    constants3 = np.empty((n_constants, 1, units), vector.dtype)
    constants = constants3.reshape(n_constants, units)
    prepare(unit, steady, constants, constants3, 0, 1)
    memory = np.zeros((trials, k * stride, synapses + plastic * units), vector.dtype)
    spare, mixing = np.empty_like(memory[0]), np.empty((k * stride, k * stride), vector.dtype)
    total, pre = np.empty(memory.shape[2], vector.dtype), np.empty((trials, width), vector.dtype)
    self_decay, slope = np.empty((k * k, trials, units), vector.dtype), np.empty((k * ports, trials, units), vector.dtype)
    partial, gain = np.empty((k * plastic, trials, units), vector.dtype), np.empty((n_out * k, trials, units), vector.dtype)
    signal, adjoint = np.empty((n_out, trials, units), vector.dtype), np.empty((k, trials, units), vector.dtype)
    epsilon, back, matrix = np.empty((trials, n_read), vector.dtype), np.empty_like(readout), np.empty_like(readout)
    if unit[OUTPUT] != 0:
        output(unit, states[0], constants, emitted[0], 0, trials)
    for t in range(steps):
        drive(recurrent, input_, bias, emitted[t], inputs[t], noise[t % noise.shape[0]], recurrent_ports, external_ports, drives[t])
        step(unit, states[t], drives[t], constants, states[t + 1], 0, trials)
        if unit[OUTPUT] != 0:
            output(unit, states[t + 1], constants, emitted[t + 1], 0, trials)
        read(emitted[t + 1], readout, readouts[t], 0, trials)
        jacobian(unit, states[t], drives[t], constants, self_decay, slope, partial, 0, trials)
        emission(unit, states[t], constants, gain, 0, trials)
        error(learning, readouts[t], targets[t], epsilon)
        for b in range(trials):
            epsilon[b] *= loss_weight[t, b]
        teach(learning, readout, feedback, epsilon, emitted[t + 1], back, matrix, signal, readout_change, feedback_change)
        pull_output(unit, states[t + 1], signal, constants, adjoint, 0, trials)
        presynaptic(emitted[t], inputs[t], pre)
        total[:] = real(0)
        for b in range(trials):
            if full:
                carry_full(memory[b], spare, mixing, self_decay[:, b], slope[:, b], gain[:, b], recurrent, recurrent_ports, k, units)
            else:
                decay_local(memory[b], spare, self_decay[:, b], k, units, width, n_drives)
            add_immediate(memory[b], stride, slope[:, b], partial[:, b], pre[b], heard, recurrent_ports, external_ports, k, units)
            collect(memory[b], stride, adjoint[:, b], units, synapses, width, total)
        scatter(total, width, heard, offsets, plastic_rows, units, change)
        clip_and_decay(vector, change, rates, clip, decay)
        optimise(learning, vector, change, slots, rates, count + t + 1, settings)
        if plastic > 0:
            for p in range(offsets[5], offsets[6]):
                vector[p] = max(vector[p], lower_bounds[p])
            steady[:n_parameters, 0] = vector[offsets[5] : offsets[6]].reshape(n_parameters, units)
            prepare(unit, steady, constants, constants3, 0, 1)
