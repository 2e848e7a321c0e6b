"""A chunk: batch after batch is run, compared with its targets and learnt from, without a return to Python; copied as kernels.py is.

The time loops are those that Python calls batch by batch, called here by their addresses, and what stands between them is rounded as NumPy
rounds it: the weights after a chunk are those of its batches one by one, to the last bit. Error, feedback and optimiser are lists of
elementary operations (`neurorec.learning.law`), so that this is compiled once for all of them.
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.calls import ERROR, fill, forward, reverse_scan
from neurorec.formula.calls import error as call_error
from neurorec.formula.entry import apart, entry, exact, inlined, part

from .plastic import follow_from, sum_over_trials  # pyright: ignore[reportMissingImports]
from .precision import real  # pyright: ignore[reportMissingImports]
from .product import pack_each  # pyright: ignore[reportMissingImports]

BLOCK = 256  # numbers that go through a law side by side: what they need stays in the nearest cache
WEIGHT, CHANGE, RATE, REMEMBERED = range(4)  # registers of an optimiser's law, as `neurorec.learning.law` numbers them


@exact
def work(code, registers):
    """All operations of a law, on a block of numbers; code (n, 4), registers (R, BLOCK)."""
    apart()
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
    apart()
    for k in range(values.shape[0]):
        for i in range(BLOCK):
            registers[first + k, i] = values[k]


@exact
def follow(code, result, registers, a, b, out):
    """A law of two arrays, which with `out` lie in one row each."""
    apart()
    for start in range(0, out.shape[0], BLOCK):
        count = min(BLOCK, out.shape[0] - start)
        for i in range(count):
            registers[0, i] = a[start + i]
            registers[1, i] = b[start + i]
        work(code, registers)
        for i in range(count):
            out[start + i] = registers[result, i]


@inlined
def compare(learning, code, result, registers, readouts, targets, epsilon):
    """The error of every step, (T, B, O) as all three: by the address of a loss's own, or by its law."""
    rows, channels = epsilon.shape[0] * epsilon.shape[1], epsilon.shape[2]
    if learning[ERROR] != 0:
        call_error(learning, readouts.reshape(rows, channels), targets.reshape(rows, channels), epsilon.reshape(rows, channels))
    else:
        follow(code, result, registers, readouts.reshape(-1), targets.reshape(-1), epsilon.reshape(-1))


@exact
def copy(source, target):
    """All numbers of one array to another; both in one row."""
    apart()
    for i in range(target.shape[0]):
        target[i] = source[i]


@exact
def copy_rows(source, target):
    """The same of two dimensions."""
    apart()
    for row in range(target.shape[0]):
        for i in range(target.shape[1]):
            target[row, i] = source[row, i]


@exact
def weigh(error, loss_weight):
    """Each step's error by its share of the loss; error (T, B, O), loss_weight (T, B)."""
    apart()
    for t in range(error.shape[0]):
        for b in range(error.shape[1]):
            for o in range(error.shape[2]):
                error[t, b, o] *= loss_weight[t, b]


@exact
def shorten(change, rates, left, clip, moving):
    """A change to the norm `clip` over the weights that move, which are gathered in `moving`."""
    apart()
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
def take_up(vector, change, rates, left, decay, weight, moving, rate):
    """Weights less their decay, their change and their rates, into registers; loops of a few arrays each: more, and LLVM does not vectorise them."""
    apart()
    for i in range(vector.shape[0]):
        rate[i] = rates[i] * left
    for i in range(vector.shape[0]):
        weight[i] = vector[i] * (real(1) - rate[i] * decay)
    for i in range(vector.shape[0]):
        moving[i] = change[i]


@exact
def put_down(weight, moved, lower_bounds, vector):
    """Moved weights, kept in range."""
    apart()
    for i in range(vector.shape[0]):
        value, least = weight[i] + moved[i], lower_bounds[i]
        vector[i] = least if value < least else value  # and what is not a number stays so


@exact
def finite(vector):
    """Whether all are numbers."""
    apart()
    wrong = np.int32(0)
    for i in range(vector.shape[0]):
        wrong |= np.int32(vector[i] - vector[i] != 0)
    return wrong == 0


@exact
def update(vector, change, slots, rates, lower_bounds, left, decay, code, results, registers):
    """Decay, the optimiser's step, keep in range; whether all weights are numbers. All are (W,) but slots (S, W)."""
    apart()
    remembered, found = slots.shape[0], True
    for start in range(0, vector.shape[0], BLOCK):
        stop = min(start + BLOCK, vector.shape[0])
        some = vector[start:stop]
        take_up(some, change[start:stop], rates[start:stop], left, decay, registers[WEIGHT], registers[CHANGE], registers[RATE])
        for s in range(remembered):
            copy(slots[s, start:stop], registers[REMEMBERED + s, : stop - start])
        work(code, registers)
        put_down(registers[WEIGHT], registers[results[0]], lower_bounds[start:stop], some)
        for s in range(remembered):
            copy(registers[results[1 + s]], slots[s, start:stop])
        found &= finite(some)
    return found


@part
def conclude(recurrent_ports, external_ports, gathered, d_recurrent, d_input, d_bias, d_readout, d_feedback):
    """What the reverse scan leaves to do: gathered (D, I, N) is dWin transposed, and a part that a drive does not have does not change."""
    apart()
    units = gathered.shape[2]
    for d in range(recurrent_ports.shape[0]):
        for n in range(units):
            row = d * units + n
            for i in range(gathered.shape[1]):
                d_input[row, i] = gathered[d, i, n] if external_ports[d] >= 0 else real(0)
            if external_ports[d] < 0:
                d_bias[row] = real(0)
            if recurrent_ports[d] < 0:
                for m in range(d_recurrent.shape[1]):
                    d_recurrent[row, m] = real(0)
    transpose(d_readout, d_feedback)


@part
def transpose(readout, feedback):
    """readout (O, K N), as feedback (K N, O)."""
    apart()
    for o in range(readout.shape[0]):
        for row in range(readout.shape[1]):
            feedback[row, o] = readout[o, row]


@part
def pack_weights(w, rows, columns, packed):
    """As `pack_each`, compiled once for all kinds of weights."""
    apart()
    pack_each(w, rows, columns, packed)


@entry
def chunk(loops, onward, backward, constants, wide_unit, plastic_rows, parameters, d_parameters, settings, wide, recurrent_ports,
          external_ports, full, vector, recurrent, input_, bias, readout, feedback, change,
          d_recurrent, d_input, d_bias, d_readout, d_feedback, slots, rates, lower_bounds, left, clip, decay, moving,
          step_code, step_results, step_first, step_constants, step_registers, learning, error_code, error_result, error_registers,
          path_code, path_result, path_registers, inputs, input_rows, targets, loss_weight, key, other, trial, scale, noise,
          initial_row, carried, states, state_rows, drives, emitted, presynaptic, back, partial, gathered,
          packed_recurrent, packed_input, packed_readout, packed_transposed, packed_feedback, error, readout_row, feedback_row, transposed,
          transposed_row, path, path_row, readouts, keep, kept, readout_kept, feedback_kept):  # fmt: skip
    """Learn from n batches of B trials; how many there were until weights were no longer numbers.

    loops, onward and backward are tables of addresses (`neurorec.formula.calls`). vector, rates and lower_bounds (W,) and slots (S, W) of the
    optimiser change in place; recurrent, input_ ... are views of the vector, d_recurrent, d_input ... of change (W,); left (n,) is the share of
    the rates at each batch. Of the plastic parameters `follow_from` makes the constants. `learning` is a table with the address of the error,
    where that is no law. Of each law the code, the register of its result and room, of the optimiser's the constants of each update (n, C)
    besides. inputs (n, T, B, I), targets, loss_weight (n, T, B); noise (T or 0, B, D N) is filled from the words of its key. The initial state
    is replaced by where trials ended where they are `carried` over. Fills readouts (n, T, B, O); of batch i, where keep[i] is not negative, kept
    (m, states); the readout after each batch, (n, O K N), and the feedback, (n or 1, K N O). Names that end in row are the same arrays with
    fewer dimensions: states as (T + 1, k B N), inputs as (n, T B, I), others after the first dimension in one row.
    """
    n, _, trials, n_inputs = inputs.shape
    channels, units, none = readout.shape[0], recurrent.shape[1], np.intp(0)
    for i in range(n):
        if noise.shape[0] > 0:
            fill(loops, key, other, trial + np.uint64(i * trials), np.uint64(0), scale, noise)
        copy(initial_row, state_rows[0])
        pack_weights(recurrent, units, units, packed_recurrent)
        pack_weights(input_, units, n_inputs, packed_input)
        pack_weights(readout, channels, units, packed_readout)
        forward(loops, onward, constants, packed_recurrent, packed_input, packed_readout, bias, readout, recurrent_ports, external_ports,
                inputs[i], noise, states, drives, emitted, readouts[i], none, trials)  # fmt: skip
        compare(learning, error_code, error_result, error_registers, readouts[i], targets[i], error)
        weigh(error, loss_weight[i])
        transpose(readout, transposed)
        follow(path_code, path_result, path_registers, transposed_row, feedback_row, path_row)
        pack_weights(path, units, channels, packed_feedback)
        if full:
            pack_weights(recurrent.T, units, units, packed_transposed)
        reverse_scan(loops, backward, constants, packed_transposed, packed_feedback, recurrent_ports, external_ports, full, error, states, drives,
                     np.intp(1), back, partial, True, presynaptic, input_rows[i], d_recurrent, gathered, d_bias, d_readout, none, trials)  # fmt: skip
        conclude(recurrent_ports, external_ports, gathered, d_recurrent, d_input, d_bias, d_readout, d_feedback)
        sum_over_trials(partial, plastic_rows, d_parameters)
        if clip < np.inf:
            shorten(change, rates, left[i], clip, moving)
        set_constants(step_registers, step_first, step_constants[i])
        if not update(vector, change, slots, rates, lower_bounds, left[i], decay, step_code, step_results, step_registers):
            return i
        if plastic_rows.shape[0] > 0:
            follow_from(wide_unit, parameters, settings, wide, constants)
        copy(readout_row, readout_kept[i])
        copy(feedback_row, feedback_kept[min(i, feedback_kept.shape[0] - 1)])
        if keep[i] >= 0:
            copy_rows(state_rows, kept[keep[i]])
        if carried:
            copy(state_rows[state_rows.shape[0] - 1], initial_row)
    return n
