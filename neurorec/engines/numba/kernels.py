"""The time loops of a trial whose weights stand still: forward, and the reverse scan of every rule.

This file is copied, as it stands, into a package for each float type (`neurorec.formula.cache`), where ``.precision`` holds that type
and ``.product`` the products: Numba compiles and caches plain modules, without templates. What a model computes is printed and compiled
apart (`neurorec.formula.unit`); ``unit`` is the table of its addresses (`neurorec.formula.calls`), so that a loop is compiled once for all. Weights come packed (`product.pack`), a block for each drive and output. All loops run over the trials from
`first` to before `last`, whose numbers do not depend on the others: threads take some trials each.
"""

from __future__ import annotations

import numpy as np

from neurorec.formula.calls import OUTPUT, output, pull, pull_output, step
from neurorec.formula.entry import entry, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .product import DEPTH, gather, gather_some, multiply, pack_blocks, packed_shape, room_for  # noqa: F401 # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]

FEW = 8  # up to as many readout channels a sum for each is faster than a product that is mostly empty


@entry
def forward(unit, turned, inputs, bias, constants, recurrent_ports, external_ports, readout, packed_readout, x, noise,
            states, drives, emitted, readouts, first, last):  # fmt: skip
    """u(t) = W o(t-1) + Win x(t) + b + noise(t);  s(t) = step(s(t-1), u(t));  y(t) = Wout o(t).

    turned (D K, ...), inputs (D, ...) and packed_readout (K, ...) are packed W^T, Win^T and Wout^T; x (T, B, I), noise
    (T or 0, B, D N). Fills drives (T, ports, B, N), states (T+1, k, B, N) from states[0], emitted (T+1, K, B, N), which may be
    the states themselves where a unit shows its only state, and readouts (T, B, O). Port -1: the drive has no such part.
    """
    outputs, trials, units, ports, rows = emitted.shape[1], emitted.shape[2], emitted.shape[3], drives.shape[1], last - first
    channels, answers = x.shape[2], readouts.shape[2]
    # In one row each, as products take them.
    received, sent, driven, told = x.reshape(-1), emitted.reshape(-1), drives.reshape(-1), readouts.reshape(-1)
    turned_row, inputs_row, readout_row = turned.reshape(-1), inputs.reshape(-1), packed_readout.reshape(-1)
    if unit[OUTPUT] != 0:
        output(unit, states[0], constants, emitted[0], first, last)
    for t in range(drives.shape[0]):
        for d in range(recurrent_ports.shape[0]):
            if external_ports[d] >= 0:
                for b in range(first, last):
                    for n in range(units):
                        drives[t, external_ports[d], b, n] = bias[d * units + n]
                    if noise.shape[0] > 0:
                        for n in range(units):
                            drives[t, external_ports[d], b, n] += noise[t, b, d * units + n]
                to = ((t * ports + external_ports[d]) * trials + first) * units
                multiply(received, (t * trials + first) * channels, inputs_row, d, channels, driven, to, rows, units, np.intp(1))
            if recurrent_ports[d] >= 0:
                heard = 1 if external_ports[d] == recurrent_ports[d] else 0
                to = ((t * ports + recurrent_ports[d]) * trials + first) * units
                for c in range(outputs):
                    start = ((t * outputs + c) * trials + first) * units
                    multiply(sent, start, turned_row, d * outputs + c, units, driven, to, rows, units, max(heard, min(c, 1)))
        step(unit, states[t], drives[t], constants, states[t + 1], first, last)
        if unit[OUTPUT] != 0:
            output(unit, states[t + 1], constants, emitted[t + 1], first, last)
        if answers > FEW:
            for c in range(outputs):
                start = (((t + 1) * outputs + c) * trials + first) * units
                multiply(sent, start, readout_row, c, units, told, (t * trials + first) * answers, rows, answers, min(c, 1))
        else:
            read(emitted[t + 1], readout, readouts[t], first, last)


@part
def add(terms, sums, first, last):
    """sums += terms, both (rows, B, N)."""
    for row in range(sums.shape[0]):
        for b in range(first, last):
            for n in range(sums.shape[2]):
                sums[row, b, n] += terms[row, b, n]


@part
def clear(sums, first, last):
    """sums (rows, B, N) = 0."""
    for row in range(sums.shape[0]):
        for b in range(first, last):
            for n in range(sums.shape[2]):
                sums[row, b, n] = real(0)


@part
def together(trials):
    """Steps whose terms are gathered at once: about `DEPTH` terms."""
    return max(1, DEPTH // trials)


@part
def gather_all(back, external, error, sent, told, x, recurrent, inputs, bias, readout, first, last, room, keep):
    """Add the terms of a few steps to dW, dWin^T, db and dWout, as `gathered`; where `keep` is 0, begin with them."""
    if keep == 0:
        bias[first:last] = real(0)
    for row in range(0, back.shape[0], DEPTH):
        depth, kept = min(DEPTH, back.shape[0] - row), max(keep, min(row, 1))
        gather_some(back, first, last, sent, row, depth, room, recurrent, kept)
        gather(x, np.intp(0), x.shape[1], external, first, last, row, depth, inputs, first, kept)
        for c in range(0, told.shape[1], back.shape[1]):
            gather(error, np.intp(0), readout.shape[0], told, c + first, c + last, row, depth, readout, c + first, kept)
        for k in range(row, row + depth):
            for n in range(first, last):
                bias[n] += external[k, n]


@entry
def gathered(back, external, error, sent, told, x, trials, recurrent, inputs, bias, readout, first, last):
    """dW = sum back sent^T, dWin^T = sum x external^T, db = sum external, dWout = sum error told^T, of the units from `first` to before `last`.

    Sums over R trials and steps, the last steps first, as `reverse_scan` has them: back and external (R, N), which most cells have
    in one, error (R, O), sent and told (R or more, M), x (R, I); recurrent (N, M), inputs (I, N), bias (N,), readout (O, M).
    """
    room, rows = room_for(last - first, back), together(trials) * trials
    for start in range((back.shape[0] - 1) // rows * rows, -1, -rows):
        stop = min(start + rows, back.shape[0])
        gather_all(back[start:stop], external[start:stop], error[start:stop], sent[start:stop], told[start:stop], x[start:stop], recurrent,
                   inputs, bias, readout, first, last, room, np.intp(1 if stop < back.shape[0] else 0))  # fmt: skip


@entry
def reverse_scan(unit, recurrent, feedback, error, constants, recurrent_ports, external_ports, full, states, drives, outputs, back_drives,
                 back_parameters, at_once, heard, x, d_recurrent, d_inputs, d_bias, d_readout, first, last):  # fmt: skip
    """R(t) = O^T [B eps(t) + W^T F^T R(t+1) if full] + D^T R(t+1): against time, no N x N trace is ever formed.

    recurrent (K D, ...) and feedback (K, ...) are packed W and B^T, error (T, B, O). Fills back_drives (ports, T, B, N) = F^T R
    and back_parameters (Q, B, N), G^T R summed over time. The weight change is then one product of back_drives
    and presynaptic activity. Scratch arrays have room for all trials, of which only some are touched.

    Where the product is made at once, of all trials of units with one output, while what it takes is still in the cache, back_drives
    has room for a few steps, and there are heard ((T+1) B, N), x (T B, I), d_recurrent (D N, N), d_inputs (D, I, N), d_bias (D N,)
    and d_readout (O, N), as `gathered` has them. The same numbers: one piece of machine code makes what both gather.
    """
    (steps, ports, trials, units), size = drives.shape, back_drives.shape[1]
    channels, rows = error.shape[2], last - first
    pushed = np.empty((outputs, trials, units), states.dtype)
    adjoint, carried = np.empty(states.shape[1:], states.dtype), np.empty(states.shape[1:], states.dtype)
    back, partial = np.empty(drives.shape[1:], states.dtype), np.empty_like(back_parameters)
    errors, pushes, backs = error.reshape(-1), pushed.reshape(-1), back.reshape(-1)
    recurrent_row, feedback_row = recurrent.reshape(-1), feedback.reshape(-1)
    few, asked, room = back_drives.reshape(ports, size * trials, units), error.reshape(steps * trials, channels), room_for(units, states)
    clear(carried, first, last)
    clear(back_parameters, first, last)
    for t in range(steps - 1, -1, -1):
        for c in range(outputs):
            to = (c * trials + first) * units
            multiply(errors, (t * trials + first) * channels, feedback_row, c, channels, pushes, to, rows, units, np.intp(0))
            if full and t + 1 < steps:
                for d in range(recurrent_ports.shape[0]):
                    if recurrent_ports[d] >= 0:
                        start, block = (recurrent_ports[d] * trials + first) * units, c * recurrent_ports.shape[0] + d
                        multiply(backs, start, recurrent_row, block, units, pushes, to, rows, units, np.intp(1))
        pull_output(unit, states[t + 1], pushed, constants, adjoint, first, last)
        add(carried, adjoint, first, last)
        pull(unit, states[t], drives[t], adjoint, constants, carried, back, partial, first, last)
        for p in range(ports):
            for b in range(first, last):
                for n in range(units):
                    back_drives[p, t % size, b, n] = back[p, b, n]
        add(partial, back_parameters, first, last)
        if at_once and t % size == 0:
            start, stop = t * trials, min(t + size, steps) * trials
            for d in range(recurrent_ports.shape[0]):
                of, answers = slice(d * units, (d + 1) * units), channels if d == 0 else 0
                gather_all(few[recurrent_ports[d], : stop - start], few[external_ports[d], : stop - start], asked[start:stop],
                           heard[start:stop], heard[start + trials : stop + trials], x[start:stop], d_recurrent[of], d_inputs[d], d_bias[of],
                           d_readout[:answers], 0, units, room, np.intp(1 if stop < steps * trials else 0))  # fmt: skip
