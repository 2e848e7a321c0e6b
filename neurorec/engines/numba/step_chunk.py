"""Batch after batch in which weights change at every step, without a return to Python; copied as kernels.py is.

The time loops are those that Python calls batch by batch, called here by their addresses: the weights after a chunk are those of its batches one
by one, to the last bit. What both entries take of the batches, and leave of them, is as in chunk.py.
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.calls import FUSED, causal, fill, fused, low_rank
from neurorec.formula.entry import apart, entry, inlined, part

from .chunk import copy, copy_rows, finite  # pyright: ignore[reportMissingImports]
from .precision import real  # pyright: ignore[reportMissingImports]


@inlined
def begin(loops, key, other, trial, scale, noise, initial_row, state_rows):
    """Noise of the batch whose first trial is `trial`, where there is any, and the initial state."""
    if scale > 0:
        fill(loops, key, other, trial, np.uint64(0), scale, noise)
    copy(initial_row, state_rows[0])


@inlined
def keep_batch(i, keep, kept, carried, initial_row, state_rows, readout_row, readout_kept, feedback_row, feedback_kept):
    """What is wanted of batch i, and where the next one begins."""
    copy(readout_row, readout_kept[i])
    copy(feedback_row, feedback_kept[min(i, feedback_kept.shape[0] - 1)])
    if keep[i] >= 0:
        copy_rows(state_rows, kept[keep[i]])
    if carried:
        copy(state_rows[state_rows.shape[0] - 1], initial_row)


@part
def clear(row):
    """Zeros."""
    apart()
    for i in range(row.shape[0]):
        row[i] = real(0)


@part
def scale_rates(rates, left, scaled):
    """What is left of the rates; (W,) both."""
    apart()
    for p in range(rates.shape[0]):
        scaled[p] = rates[p] * left


@entry
def swept(loops, unit, learning, constants, recurrent, external, readout, feedback, recurrent_row, external_row, readout_row, feedback_row,
          recurrent_ports, external_ports, rates, decay, trace, trace_row, inputs, targets, loss_weight, key, other, trial, scale, noise,
          initial_row, carried, states, state_rows, drives, emitted, readouts, keep, kept, readout_kept, feedback_kept):  # fmt: skip
    """Learn from n batches by `fused`, or by `low_rank` where the table has no `fused`; how many until weights were no longer numbers.

    Weights as these loops hold them, and in one row; rates (n, 5), noise (T or 1, B, D N); the trace, of `fused` alone, begins at zero.
    """
    trials = inputs.shape[2]
    for i in range(inputs.shape[0]):
        begin(loops, key, other, trial + np.uint64(i * trials), scale, noise, initial_row, state_rows)
        if loops[FUSED] != 0:
            clear(trace_row)
            fused(loops, unit, learning, constants, recurrent, external, readout, feedback, recurrent_ports, external_ports, rates[i], decay,
                  trace, inputs[i], noise, targets[i], loss_weight[i], states, drives, emitted, readouts[i])  # fmt: skip
        else:
            low_rank(loops, unit, learning, constants, recurrent, external, readout, feedback, recurrent_ports, external_ports, rates[i],
                     inputs[i], noise, targets[i], loss_weight[i], states, drives, emitted, readouts[i])  # fmt: skip
        if not (finite(recurrent_row) and finite(external_row) and finite(readout_row) and finite(feedback_row)):
            return i
        keep_batch(i, keep, kept, carried, initial_row, state_rows, readout_row, readout_kept, feedback_row, feedback_kept)
    return inputs.shape[0]


@entry
def remembered(loops, unit, learning, parameters, constants, vector, offsets, slots, rates, scaled, left, lower_bounds, plastic_rows,
               recurrent_ports, external_ports, full, readout_row, feedback_row, clip, decay, settings, count, inputs, targets, loss_weight,
               key, other, trial, scale, noise, initial_row, carried, states, state_rows, drives, emitted, readouts, keep, kept, readout_kept,
               feedback_kept):  # fmt: skip
    """Learn from n batches by `causal`; how many until weights were no longer numbers.

    rates (W,) are scaled by left (n,), into `scaled`; readout and feedback, in one row, are views of the vector; `count` updates were made before.
    """
    n, steps, trials, _ = inputs.shape
    for i in range(n):
        begin(loops, key, other, trial + np.uint64(i * trials), scale, noise, initial_row, state_rows)
        scale_rates(rates, left[i], scaled)
        causal(loops, unit, learning, parameters, constants, vector, offsets, slots, scaled, lower_bounds, plastic_rows, recurrent_ports,
               external_ports, full, inputs[i], noise, targets[i], loss_weight[i], states, drives, emitted, readouts[i], clip, decay, settings,
               count + i * steps)  # fmt: skip
        if not finite(vector):
            return i
        keep_batch(i, keep, kept, carried, initial_row, state_rows, readout_row, readout_kept, feedback_row, feedback_kept)
    return n
