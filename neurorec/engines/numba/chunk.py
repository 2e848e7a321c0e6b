"""A chunk: batch after batch is run, compared with its targets and learnt from, without a return to Python; copied as kernels.py is.

The time loops are those that Python calls batch by batch, called here by their addresses, and what stands between them is rounded as NumPy
rounds it: the weights after a chunk are those of its batches one by one, to the last bit. Error, feedback and optimiser are lists of
elementary operations (`neurorec.learning.law`), so that this is compiled once for all of them.
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.calls import fill, forward, reverse_scan
from neurorec.formula.entry import entry, exact, part

from .causal import blocks  # pyright: ignore[reportMissingImports]
from .precision import real  # pyright: ignore[reportMissingImports]
from .product import pack_each  # pyright: ignore[reportMissingImports]

BLOCK = 256  # numbers that go through a law side by side: what they need stays in the nearest cache
WEIGHT, CHANGE, RATE, REMEMBERED = range(4)  # registers of an optimiser's law, as `neurorec.learning.law` numbers them


@exact
def work(code, registers):
    """All operations of a law, on a block of numbers; code (n, 4), registers (R, BLOCK)."""
    for k in range(code.shape[0]):
        operation, to, a, b = code[k, 0], registers[code[k, 1]], registers[code[k, 2]], registers[code[k, 3]]
        if operation == 0:
            for i in range(BLOCK):
                to[i] = a[i] + b[i]
        elif operation == 1:
            for i in range(BLOCK):
                to[i] = a[i] - b[i]
        elif operation == 2:
            for i in range(BLOCK):
                to[i] = a[i] * b[i]
        elif operation == 3:
            for i in range(BLOCK):
                to[i] = a[i] / b[i]
        elif operation == 4:
            for i in range(BLOCK):
                to[i] = -a[i]
        elif operation == 5:
            for i in range(BLOCK):
                to[i] = np.sqrt(a[i])
        elif operation == 6:
            for i in range(BLOCK):
                to[i] = abs(a[i])
        elif operation == 7:
            for i in range(BLOCK):
                to[i] = a[i] * a[i]
        elif operation == 8:
            for i in range(BLOCK):
                to[i] = real(1) if a[i] > b[i] else real(0)
        elif operation == 9:
            for i in range(BLOCK):
                to[i] = real(1) if a[i] < b[i] else real(0)
        elif operation == 10:
            for i in range(BLOCK):
                to[i] = real(1) if a[i] >= b[i] else real(0)
        else:
            for i in range(BLOCK):
                to[i] = real(1) if a[i] <= b[i] else real(0)


@exact
def set_constants(registers, first, values):
    """Constants of a law, from register `first` on."""
    for k in range(values.shape[0]):
        registers[first + k] = values[k]


@exact
def follow(code, result, registers, a, b, out):
    """A law of two arrays, which with `out` lie in one row each."""
    for start in range(0, out.shape[0], BLOCK):
        count = min(BLOCK, out.shape[0] - start)
        registers[0, :count] = a[start : start + count]
        registers[1, :count] = b[start : start + count]
        work(code, registers)
        out[start : start + count] = registers[result, :count]


@exact
def weigh(error, loss_weight):
    """Each step's error by its share of the loss; error (T, B, O), loss_weight (T, B)."""
    for t in range(error.shape[0]):
        for b in range(error.shape[1]):
            for o in range(error.shape[2]):
                error[t, b, o] *= loss_weight[t, b]


@exact
def shorten(change, rates, left, clip, moving):
    """A change to the norm `clip` over the weights that move, which are gathered in `moving`."""
    count = 0
    for p in range(change.shape[0]):
        if rates[p] * left > 0:
            moving[count] = change[p]
            count += 1
    norm = float(np.sqrt(np.dot(moving[:count], moving[:count]))) if count > 0 else 0.0
    if norm > clip:
        scale = real(clip / norm)
        for p in range(change.shape[0]):
            change[p] *= scale


@exact
def update(vector, change, slots, rates, lower_bounds, left, decay, code, results, registers):
    """Decay, the optimiser's step, keep in range; whether all weights are numbers. All are (W,) but slots (S, W)."""
    finite, remembered = True, slots.shape[0]
    for start in range(0, vector.shape[0], BLOCK):
        count = min(BLOCK, vector.shape[0] - start)
        for i in range(count):
            rate = rates[start + i] * left
            registers[RATE, i] = rate
            registers[WEIGHT, i] = vector[start + i] * (real(1) - rate * decay)
            registers[CHANGE, i] = change[start + i]
        for s in range(remembered):
            registers[REMEMBERED + s, :count] = slots[s, start : start + count]
        work(code, registers)
        moved = registers[results[0]]
        for i in range(count):
            value, least = registers[WEIGHT, i] + moved[i], lower_bounds[start + i]
            value = least if value < least else value  # and what is not a number stays so
            vector[start + i] = value
            finite &= value - value == 0
        for s in range(remembered):
            slots[s, start : start + count] = registers[results[1 + s], :count]
    return finite


@part
def conclude(recurrent_ports, external_ports, gathered, d_recurrent, d_input, d_bias, d_readout, d_feedback):
    """What the reverse scan leaves to do: gathered (D, I, N) is dWin transposed, and a part that a drive does not have does not change."""
    units = gathered.shape[2]
    for d in range(recurrent_ports.shape[0]):
        first, last = d * units, (d + 1) * units
        for n in range(units):
            for i in range(gathered.shape[1]):
                d_input[first + n, i] = gathered[d, i, n] if external_ports[d] >= 0 else real(0)
        if external_ports[d] < 0:
            d_bias[first:last] = real(0)
        if recurrent_ports[d] < 0:
            d_recurrent[first:last] = real(0)
    for o in range(d_readout.shape[0]):
        for row in range(d_readout.shape[1]):
            d_feedback[row, o] = d_readout[o, row]


@entry
def chunk(loops, onward, backward, constants, recurrent_ports, external_ports, full, vector, offsets, slots, rates, lower_bounds, left, clip, decay,
          step_code, step_results, step_first, step_constants, step_registers, error_code, error_result, error_registers,
          path_code, path_result, path_registers, inputs, targets, loss_weight, key, other, trial, scale, noise, initial, carried, states, drives,
          emitted, back, partial, packed_recurrent, packed_input, packed_readout, packed_transposed, packed_feedback,
          readouts, keep, kept, readout_kept, feedback_kept):  # fmt: skip
    """Learn from n batches of B trials; how many there were until weights were no longer numbers.

    loops, onward and backward are tables of addresses (`neurorec.formula.calls`). vector, rates and lower_bounds (W,), whose kinds begin at
    `offsets` (7,), and slots (S, W) change in place; left (n,) is the share of the rates at each batch. Of each law the code, the register of
    its result and room, of the optimiser's the constants of each update (n, C) besides. inputs (n, T, B, I), targets (n, T, B, O) and
    loss_weight (n, T, B); noise (T or 0, B, D N) is filled from the words of its key. initial (k, B, N) is replaced by where trials ended where
    they are `carried` over. Fills readouts (n, T, B, O); of batch i, where keep[i] is not negative, kept (m, T + 1, k, B, N); the readout after
    each batch, (n, O, K N), and the feedback, (n or 1, K N, O).
    """
    (n, steps, trials, n_inputs), channels, units = inputs.shape, targets.shape[3], initial.shape[2]
    n_drives, none = recurrent_ports.shape[0], np.intp(0)
    change, moving, finite = np.zeros_like(vector), np.empty_like(vector), True
    recurrent, input_, bias, readout, feedback, _ = blocks(vector, offsets, n_drives, units, n_inputs, channels)
    d_recurrent, d_input, d_bias, d_readout, d_feedback, _ = blocks(change, offsets, n_drives, units, n_inputs, channels)
    gathered, error = np.zeros((n_drives, n_inputs, units), vector.dtype), np.empty(targets.shape[1:], vector.dtype)
    transposed, path = np.empty_like(feedback), np.empty_like(feedback)
    presynaptic = emitted.reshape((steps + 1) * trials, units)
    for i in range(n):
        if noise.shape[0] > 0:
            fill(loops, key, other, trial + np.uint64(i * trials), np.uint64(0), scale, noise)
        states[0] = initial
        pack_each(recurrent, units, units, packed_recurrent)
        pack_each(input_, units, n_inputs, packed_input)
        pack_each(readout, channels, units, packed_readout)
        forward(loops, onward, constants, packed_recurrent, packed_input, packed_readout, bias, readout, recurrent_ports, external_ports,
                inputs[i], noise, states, drives, emitted, readouts[i], none, trials)  # fmt: skip
        follow(error_code, error_result, error_registers, readouts[i].reshape(-1), targets[i].reshape(-1), error.reshape(-1))
        weigh(error, loss_weight[i])
        for row in range(feedback.shape[0]):
            for o in range(channels):
                transposed[row, o] = readout[o, row]
        follow(path_code, path_result, path_registers, transposed.reshape(-1), feedback.reshape(-1), path.reshape(-1))
        pack_each(path, units, channels, packed_feedback)
        if full:
            pack_each(recurrent.T, units, units, packed_transposed)
        reverse_scan(loops, backward, constants, packed_transposed, packed_feedback, recurrent_ports, external_ports, full, error, states, drives,
                     np.intp(1), back, partial, True, presynaptic, inputs[i].reshape(steps * trials, n_inputs),
                     d_recurrent, gathered, d_bias, d_readout, none, trials)  # fmt: skip
        conclude(recurrent_ports, external_ports, gathered, d_recurrent, d_input, d_bias, d_readout, d_feedback)
        if clip < np.inf:
            shorten(change, rates, left[i], clip, moving)
        set_constants(step_registers, step_first, step_constants[i])
        finite = update(vector, change, slots, rates, lower_bounds, left[i], decay, step_code, step_results, step_registers)
        if not finite:
            return i
        readout_kept[i] = readout
        feedback_kept[min(i, feedback_kept.shape[0] - 1)] = feedback
        if keep[i] >= 0:
            kept[keep[i]] = states
        if carried:
            initial[:] = states[steps]
    return n
