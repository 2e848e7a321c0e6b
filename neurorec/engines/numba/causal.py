"""The time loop of a trial in causal order, in which weights may change at every step; copied as kernels.py is.

What a synapse carries along is its *memory*: for a local rule its own trace, (k, weights); for a full one the
influence of every weight on every unit's states, (k N, weights). Weights of a unit are laid out side by side:
``[o(t-1) | x(t) | 1]`` for each drive, then the plastic parameters.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Blocks, Influence, Scratch
from neurorec.formula.calls import emission, optimise, prepare
from neurorec.formula.entry import entry, inlined, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .time_step import emit_initial, recurrent_drive, scratch, step_and_teach  # pyright: ignore[reportMissingImports]


@inlined
def blocks(vector, offsets, drives, units, inputs, channels):
    """Views of weights (or of their changes), which begin at `offsets` (7,) of their vector, the last of them where it ends."""
    rows, from_units, first, end = drives * units, (offsets[1] - offsets[0]) // (drives * units), offsets[5], offsets[6]
    recurrent = vector[offsets[0] : offsets[1]].reshape(rows, from_units)
    input_, bias = vector[offsets[1] : offsets[2]].reshape(rows, inputs), vector[offsets[2] : offsets[3]]
    readout = vector[offsets[3] : offsets[4]].reshape(channels, from_units)
    feedback = vector[offsets[4] : offsets[5]].reshape(from_units, channels)
    return Blocks(recurrent, input_, bias, readout, feedback, vector[first:end].reshape((end - first) // units, units))


@part
def external_drive(input_, bias, external_ports, x, noise, drives):
    """Win x(t) + b + noise, added to the ports of one step, drives (P, B, N); input_ (D N, I), bias (D N,), x (B, I), noise (B, D N)."""
    units = drives.shape[2]
    for row in range(bias.shape[0]):
        d, n = row // units, row % units
        if external_ports[d] >= 0:
            for b in range(x.shape[0]):
                total = bias[row] + noise[b, row]
                for i in range(x.shape[1]):
                    total += input_[row, i] * x[b, i]
                drives[external_ports[d], b, n] += total


@part
def arrange(emitted, x, presynaptic):
    """[o(t-1) | x(t) | 1] of each trial, (B, K N + I + 1); emitted (K, B, N), x (B, I)."""
    outputs, trials, units = emitted.shape
    for b in range(trials):
        for c in range(outputs):
            presynaptic[b, c * units : (c + 1) * units] = emitted[c, b]
        presynaptic[b, outputs * units : presynaptic.shape[1] - 1] = x[b]
        presynaptic[b, presynaptic.shape[1] - 1] = real(1)


@part
def add_immediate(memory, stride, slope, partial, presynaptic, from_units, recurrent_ports, external_ports, states, units):
    """F pre(t) and G of one trial, into the memory rows ``j * stride + (unit if stride > 1)``.

    slope (k P, N), partial (k Q, N), presynaptic (M,), of which the first `from_units` come from units.
    """
    n_ports, width = slope.shape[0] // states, presynaptic.shape[0]
    drives, plastic = recurrent_ports.shape[0], partial.shape[0] // states
    for j in range(states):
        for d in range(drives):
            for n in range(units):
                row, start = j * stride + (n if stride > 1 else 0), (d * units + n) * width
                if recurrent_ports[d] >= 0:
                    gain = slope[j * n_ports + recurrent_ports[d], n]
                    for m in range(from_units):
                        memory[row, start + m] += gain * presynaptic[m]
                if external_ports[d] >= 0:
                    gain = slope[j * n_ports + external_ports[d], n]
                    for m in range(from_units, width):
                        memory[row, start + m] += gain * presynaptic[m]
        for q in range(plastic):
            for n in range(units):
                row = j * stride + (n if stride > 1 else 0)
                memory[row, (drives * width + q) * units + n] += partial[j * plastic + q, n]


@part
def decay_local(memory, spare, decay, states, units, width, drives):
    """e <- D e: each synapse's own trace, of one trial; memory and spare (k, weights), decay (k k, N)."""
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
    """P <- (D + F W O) P of one trial; memory and spare (k N, weights), mixing (k N, k N), gain (K k, N) is O."""
    n_ports, outputs = slope.shape[0] // states, gain.shape[0] // states
    mixing[:] = real(0)
    for j in range(states):
        for n in range(units):
            for i in range(states):
                mixing[j * units + n, i * units + n] = decay[j * states + i, n]
                for d in range(recurrent_ports.shape[0]):
                    if recurrent_ports[d] >= 0:
                        through = slope[j * n_ports + recurrent_ports[d], n]
                        for c in range(outputs):
                            for m in range(units):
                                mixing[j * units + n, i * units + m] += (
                                    through * recurrent[d * units + n, c * units + m] * gain[c * states + i, m]
                                )
    spare[:] = memory
    np.dot(mixing, spare, memory)


@part
def collect(memory, stride, signal, units, synapses, width, total):
    """Sum signal times memory of one trial into total (weights,); signal (k, N); `synapses` of the weights are no parameters."""
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
def scatter(total, width, d_recurrent, d_input, d_bias, d_parameters, plastic_rows):
    """From the memory's order of weights to that of the vector; plastic parameters to their rows."""
    (rows, from_units), inputs, units = d_recurrent.shape, d_input.shape[1], d_parameters.shape[1]
    for row in range(rows):
        start = row * width
        for m in range(from_units):
            d_recurrent[row, m] = total[start + m]
        for m in range(inputs):
            d_input[row, m] = total[start + from_units + m]
        d_bias[row] = total[start + width - 1]
    for q in range(plastic_rows.shape[0]):
        for n in range(units):
            d_parameters[plastic_rows[q], n] = total[rows * width + q * units + n]


@part
def transpose(feedback, transposed):
    """feedback (K N, O), as other loops of a time step take it."""
    for o in range(transposed.shape[0]):
        for row in range(transposed.shape[1]):
            transposed[o, row] = feedback[row, o]


@part
def change_readout(epsilon, emitted, d_readout, d_feedback):
    """dWout = eps o^T, and its transpose for a feedback that learns; epsilon (B, O), emitted (K, B, N)."""
    outputs, trials, units = emitted.shape
    for c in range(outputs):
        for n in range(units):
            row = c * units + n
            for o in range(epsilon.shape[1]):
                total = real(0)
                for b in range(trials):
                    total += epsilon[b, o] * emitted[c, b, n]
                d_readout[o, row] = total
                d_feedback[row, o] = total


@part
def clip_and_decay(vector, change, rates, clip, decay):
    """Shorten the change to norm `clip` over the weights that move; shrink those by ``rate * decay``; (W,) each."""
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


@inlined
def influence(states, emitted, recurrent, readout, width, plastic, full):
    """Room for what is carried along, zeros, and for what a step needs; `width` is that of a unit's weights by one drive."""
    (k, trials, units), kind = states.shape[1:], states.dtype
    rows = k * (units if full else 1)
    memory = np.zeros((trials, rows, recurrent.shape[0] * width + plastic * units), kind)
    spare, mixing = np.empty_like(memory[0]), np.empty((rows, rows), kind)
    gain, presynaptic = np.empty((emitted.shape[1] * k, trials, units), kind), np.empty((trials, width), kind)
    return Influence(memory, spare, mixing, gain, presynaptic, np.empty(memory.shape[2], kind), np.empty_like(readout))


@inlined
def remember(own: Scratch, carried: Influence, recurrent, recurrent_ports, external_ports, full):
    """Every trial's memory one step on, and the change that it makes of the error, summed into carried.total."""
    decay, slope, partial, _, adjoint, _, _ = own
    memory, spare, mixing, gain, presynaptic, total, _ = carried
    (k, trials, units), (rows, from_units), width = adjoint.shape, recurrent.shape, presynaptic.shape[1]
    stride, drives = units if full else 1, recurrent_ports.shape[0]
    total[:] = real(0)
    for b in range(trials):
        if full:
            carry_full(memory[b], spare, mixing, decay[:, b], slope[:, b], gain[:, b], recurrent, recurrent_ports, k, units)
        else:
            decay_local(memory[b], spare, decay[:, b], k, units, width, drives)
        add_immediate(memory[b], stride, slope[:, b], partial[:, b], presynaptic[b], from_units, recurrent_ports, external_ports, k, units)
        collect(memory[b], stride, adjoint[:, b], units, rows * width, width, total)


@part
def expect_least(vector, lower_bounds, first):
    """No plastic parameter goes below its smallest value; parameters begin at `first` of the vector."""
    for p in range(first, vector.shape[0]):
        vector[p] = max(vector[p], lower_bounds[p])


@part
def set_constants(unit, values, parameters, constants):
    """What follows from the parameters as they are, values (Q', N): constants (C, N), by way of parameters (Q' + 1, 1, N), where dt is last."""
    parameters[: values.shape[0], 0] = values
    prepare(unit, parameters, constants, constants.reshape(constants.shape[0], 1, constants.shape[1]), 0, 1)


@entry
def causal(unit, learning, parameters, constants, vector, offsets, slots, rates, lower_bounds, plastic_rows, recurrent_ports, external_ports, full,
           inputs, noise, targets, loss_weight, states, drives, emitted, readouts, clip, decay, settings, count):  # fmt: skip
    """Step, remember, compare, change: for every step of some trials; weights change in place in `vector` and `slots`.

    vector, rates and lower_bounds (smallest values of the plastic parameters) (W,), whose kinds begin at `offsets` (7,); slots (S, W) of the optimiser;
    parameters (Q' + 1, 1, N) with dt in the last row and constants (C, N), both filled here; the rest as in `time_step`.
    """
    (_, trials, units), n_drives, n_inputs, channels = states.shape[1:], recurrent_ports.shape[0], inputs.shape[2], readouts.shape[2]
    change, plastic = np.zeros_like(vector), plastic_rows.shape[0]
    recurrent, input_, bias, readout, feedback, values = blocks(vector, offsets, n_drives, units, n_inputs, channels)
    d_recurrent, d_input, d_bias, d_readout, d_feedback, d_values = blocks(change, offsets, n_drives, units, n_inputs, channels)
    own = scratch(states, drives, emitted, readouts, plastic)
    carried = influence(states, emitted, recurrent, readout, recurrent.shape[1] + n_inputs + 1, plastic, full)
    error, (_, _, _, gain, presynaptic, total, transposed) = own.error, carried
    set_constants(unit, values, parameters, constants)
    emit_initial(unit, constants, states, emitted)
    for t in range(loss_weight.shape[0]):
        arrange(emitted[t], inputs[t], presynaptic)
        recurrent_drive(recurrent, recurrent_ports, presynaptic, drives[t])
        external_drive(input_, bias, external_ports, inputs[t], noise[t % noise.shape[0]], drives[t])
        transpose(feedback, transposed)
        step_and_teach(unit, learning, constants, readout, transposed, states, drives, emitted, readouts, targets, loss_weight, t, own)
        emission(unit, states[t], constants, gain, 0, trials)
        change_readout(error, emitted[t + 1], d_readout, d_feedback)
        remember(own, carried, recurrent, recurrent_ports, external_ports, full)
        scatter(total, presynaptic.shape[1], d_recurrent, d_input, d_bias, d_values, plastic_rows)
        clip_and_decay(vector, change, rates, clip, decay)
        optimise(learning, vector, change, slots, rates, count + t + 1, settings)
        if plastic > 0:
            expect_least(vector, lower_bounds, offsets[5])
            set_constants(unit, values, parameters, constants)
