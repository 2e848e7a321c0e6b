"""The time loops of a trial whose weights stand still: forward, and the reverse scan of every rule.

This file is copied, as it stands, into a package for each float type (`neurorec.formula.cache`), where ``.precision`` holds that type
and ``.product`` the products, and once for each kind of recurrent weights, whose products and changes are those of ``.recurrence`` (dense_recurrence.py,
sparse_recurrence.py): Numba compiles and caches plain modules, without templates. What a model computes is printed and compiled
apart (`neurorec.formula.unit`); ``unit`` is the table of its addresses (`neurorec.formula.calls`), so that a loop is compiled once for all.
Weights come packed (`product.pack`), a block for each drive and output. All loops run over the trials from `first` to before `last`, whose numbers do not
depend on the others: threads take some trials each.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Change, Factors, Ports
from neurorec.formula.calls import OUTPUT, output, pull, pull_output, step
from neurorec.formula.entry import entry, inlined, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .product import DEPTH, gather, multiply, pack_blocks, packed_shape  # noqa: F401 # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]
from .recurrence import (  # pyright: ignore[reportMissingImports]
    desk,
    gather_outside,
    gather_recurrent,
    in_order,
    of_drive,
    onward_shape,  # noqa: F401
    receive,
    room_for,
    send_back,
    settle,
    take_in,
)

FEW = 8  # up to as many readout channels a sum for each is faster than a product that is mostly empty


@part
def bias_and_noise(bias, noise, drives, port, t, d, first, last):
    """b + noise(t) of drive d, to its port; bias (D N,), noise (T or 0, B, D N), drives (T, P, B, N)."""
    units = drives.shape[3]
    for b in range(first, last):
        for n in range(units):
            drives[t, port, b, n] = bias[d * units + n]
        if noise.shape[0] > 0:
            for n in range(units):
                drives[t, port, b, n] += noise[t, b, d * units + n]


@entry
def forward(unit, constants, recurrent, input_, packed_readout, bias, readout, recurrent_ports, external_ports, x, noise,
            states, drives, emitted, readouts, first, last):  # fmt: skip
    """u(t) = W o(t-1) + Win x(t) + b + noise(t);  s(t) = step(s(t-1), u(t));  y(t) = Wout o(t).

    recurrent is what ``.recurrence`` takes: (D K, ...), packed W^T; input_ (D, ...) and packed_readout (K, ...) are packed Win^T and Wout^T, readout (O, K N) is Wout as it is;
    bias (D N,), x (T, B, I), noise (T or 0, B, D N). Fills states, drives, emitted and readouts,
    whose shapes are those of `neurorec.engines.base.Activity`, from states[0]; emitted may be the states, where a unit shows its only one.
    """
    _, ports, trials, units = drives.shape
    outputs, inputs, channels, rows = emitted.shape[1], x.shape[2], readouts.shape[2], last - first
    # In one row each, as products take them.
    x_row, emitted_row, drives_row, readouts_row = x.reshape(-1), emitted.reshape(-1), drives.reshape(-1), readouts.reshape(-1)
    between, input_row, readout_row = in_order(recurrent), input_.reshape(-1), packed_readout.reshape(-1)
    room = desk(outputs, units, states, max(inputs, channels))
    if unit[OUTPUT] != 0:
        output(unit, states[0], constants, emitted[0], first, last)
    for t in range(drives.shape[0]):
        for d in range(recurrent_ports.shape[0]):
            p, q = recurrent_ports[d], external_ports[d]
            if q >= 0:
                bias_and_noise(bias, noise, drives, q, t, d, first, last)
                to = ((t * ports + q) * trials + first) * units
                take_in(x_row, (t * trials + first) * inputs, input_row, d, inputs, drives_row, to, rows, units, np.intp(1), room)
            if p >= 0:
                keep, to = 1 if p == q else 0, ((t * ports + p) * trials + first) * units
                receive(between, room, emitted_row, t, outputs, trials, first, rows, units, d, drives_row, to, keep)
        step(unit, states[t], drives[t], constants, states[t + 1], first, last)
        if unit[OUTPUT] != 0:
            output(unit, states[t + 1], constants, emitted[t + 1], first, last)
        if channels > FEW:
            for c in range(outputs):
                start, to = (((t + 1) * outputs + c) * trials + first) * units, (t * trials + first) * channels
                multiply(emitted_row, start, readout_row, c, units, readouts_row, to, rows, channels, min(c, 1))
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
def gather_all(factors, change, first, last, room, keep):
    """Add the terms of a few steps to `change`, as `gathered`; where `keep` is 0, begin with them."""
    bias, external, after = change.bias, factors.external, factors.after
    if keep == 0:
        bias[first:last] = real(0)
    for row in range(0, factors.recurrent.shape[0], DEPTH):
        depth, kept = min(DEPTH, factors.recurrent.shape[0] - row), max(keep, min(row, 1))
        gather_recurrent(factors.recurrent, first, last, factors.before, row, depth, room, change.recurrent, kept)
        gather_outside(factors.inputs, external, first, last, row, depth, room, change.input, first, kept)
        for c in range(0, after.shape[1] if change.readout.shape[0] > 0 else 0, factors.recurrent.shape[1]):  # of the first drive alone
            gather_outside(factors.error, after, c + first, c + last, row, depth, room, change.readout, c + first, kept)
        for k in range(row, row + depth):
            for n in range(first, last):
                bias[n] += external[k, n]


@inlined
def between(factors, start, stop):
    """Rows from `start` to before `stop` of each."""
    return Factors(factors.recurrent[start:stop], factors.external[start:stop], factors.error[start:stop], factors.before[start:stop],
                   factors.after[start:stop], factors.inputs[start:stop])  # fmt: skip


@entry
def gathered(recurrent, external, error, before, after, inputs, d_recurrent, d_input, d_bias, d_readout, trials, first, last):
    """dW = sum recurrent before^T, dWin^T = sum inputs external^T, db = sum external, dWout = sum error after^T.

    Takes the arrays of `Factors` and fills those of a `Change`, of the units from `first` to before `last`. Sums over R trials and steps,
    the last steps first, as `reverse_scan` has them.
    """
    factors, rows, count = Factors(recurrent, external, error, before, after, inputs), together(trials) * trials, recurrent.shape[0]
    room = room_for(1, last - first, before.shape[1], max(inputs.shape[1], error.shape[1]), recurrent)
    change = Change(of_drive(d_recurrent, room, 0, recurrent.shape[1]), d_input, d_bias, d_readout)
    for start in range((count - 1) // rows * rows, -1, -rows):
        stop = min(start + rows, count)
        gather_all(between(factors, start, stop), change, first, last, room, np.intp(1 if stop < count else 0))
    settle(d_recurrent, room, first)


@part
def keep_step(back, kept, place, first, last):
    """A step's back (P, B, N), into kept (P, steps, B, N)."""
    for p in range(back.shape[0]):
        for b in range(first, last):
            for n in range(back.shape[2]):
                kept[p, place, b, n] = back[p, b, n]


@inlined
def gather_steps(drives, ports: Ports, error, presynaptic, x, change: Change, t, steps, room):
    """Add the terms of the steps for which drives (P, few, B, N) has room, t the first of them, to the change of every drive's weights."""
    size, trials, units = drives.shape[1:]
    start, stop = t * trials, min(t + size, steps) * trials
    few, errors = drives.reshape(-1, size * trials, units), error.reshape(steps * trials, error.shape[2])
    for d in range(ports.recurrent.shape[0]):
        post, channels = slice(d * units, (d + 1) * units), error.shape[2] if d == 0 else 0
        factors = Factors(few[ports.recurrent[d], : stop - start], few[ports.external[d], : stop - start], errors[start:stop],
                          presynaptic[start:stop], presynaptic[start + trials : stop + trials], x[start:stop])  # fmt: skip
        own = Change(of_drive(change.recurrent, room, d, units), change.input[d], change.bias[post], change.readout[:channels])
        gather_all(factors, own, 0, units, room, np.intp(1 if stop < steps * trials else 0))


@entry
def reverse_scan(unit, constants, recurrent, feedback, recurrent_ports, external_ports, full, error, states, drives, outputs,
                 back_drives, back_parameters, at_once, presynaptic, x, d_recurrent, d_input, d_bias, d_readout, first, last):  # fmt: skip
    """R(t) = O^T [B eps(t) + W^T F^T R(t+1) if full] + D^T R(t+1): against time, no N x N trace is ever formed.

    recurrent (K D, ...) and feedback (K, ...) are packed W and B^T, error (T, B, O). Fills back_drives (P, T, B, N) = F^T R and
    back_parameters (Q, B, N), G^T R summed over time; the weight change is then one product of back_drives and presynaptic activity.
    Scratch arrays have room for all trials, of which only some are touched.

    Where the product is made `at_once`, of all trials of units with one output, while what it takes is still in the cache, back_drives has
    room for a few steps, and of presynaptic ((T + 1) B, N) and x (T B, I) the `Change` of all drives is made, (D N, N), (D, I, N), (D N,)
    and (O, N), as `gathered` does it. The same numbers: one piece of machine code makes what both gather.
    """
    (steps, _, trials, units), size, channels, rows = drives.shape, back_drives.shape[1], error.shape[2], last - first
    output_adjoint, state_adjoint = np.empty((outputs, trials, units), states.dtype), np.empty(states.shape[1:], states.dtype)
    carried, back = np.empty(states.shape[1:], states.dtype), np.empty(drives.shape[1:], states.dtype)
    partial = np.empty_like(back_parameters)
    room = room_for(len(recurrent_ports), units, presynaptic.shape[1], max(channels, x.shape[1]), states)
    error_row, output_row, back_row = error.reshape(-1), output_adjoint.reshape(-1), back.reshape(-1)
    between, feedback_row, shared = in_order(recurrent), feedback.reshape(-1), desk(outputs, units, states, channels)
    wiring, change = Ports(recurrent_ports, external_ports), Change(d_recurrent, d_input, d_bias, d_readout)
    clear(carried, first, last)
    clear(back_parameters, first, last)
    for t in range(steps - 1, -1, -1):
        for c in range(outputs):
            to = (c * trials + first) * units
            take_in(error_row, (t * trials + first) * channels, feedback_row, c, channels, output_row, to, rows, units, np.intp(0), shared)
        if full and t + 1 < steps:
            send_back(between, shared, back_row, recurrent_ports, outputs, trials, first, rows, units, output_row)
        pull_output(unit, states[t + 1], output_adjoint, constants, state_adjoint, first, last)
        add(carried, state_adjoint, first, last)
        pull(unit, states[t], drives[t], state_adjoint, constants, carried, back, partial, first, last)
        keep_step(back, back_drives, t % size, first, last)
        add(partial, back_parameters, first, last)
        if at_once and t % size == 0:
            gather_steps(back_drives, wiring, error, presynaptic, x, change, t, steps, room)
    if at_once:
        settle(d_recurrent, room, 0)
