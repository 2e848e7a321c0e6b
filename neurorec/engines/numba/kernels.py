"""The time loops of a trial whose weights stand still: forward, and the reverse scan of every rule.

This file is copied, as it stands, into a package for each float type (`neurorec.formula.cache`), where ``.precision`` holds that type
and ``.product`` the products: Numba compiles and caches plain modules, without templates. What a model computes is printed and compiled
apart (`neurorec.formula.unit`); ``unit`` is the table of its addresses (`neurorec.formula.calls`), so that a loop is compiled once for all.
What a loop takes else are the named tuples of `neurorec.engines.numba.arguments`, which say its shapes. Weights come packed
(`product.pack`), a block for each drive and output. All loops run over the trials from `first` to before `last`, whose numbers do not
depend on the others: threads take some trials each.
"""

from __future__ import annotations

import numpy as np

from neurorec.engines.numba.arguments import Adjoint, BackwardWeights, Change, Factors, ForwardWeights, Input, Ports, Presynaptic, Trial
from neurorec.formula.calls import OUTPUT, output, pull, pull_output, step
from neurorec.formula.entry import entry, part

from .precision import real  # pyright: ignore[reportMissingImports]
from .product import DEPTH, gather, gather_some, multiply, pack_blocks, packed_shape, room_for  # noqa: F401 # pyright: ignore[reportMissingImports]
from .readout import read  # pyright: ignore[reportMissingImports]

FEW = 8  # up to as many readout channels a sum for each is faster than a product that is mostly empty


@part
def external_drive(weights, port, given, trial, t, d, first, last):
    """Win x(t) + b + noise(t) of drive d, to its port."""
    _, ports, trials, units = trial.drives.shape
    bias, noise, drives, channels = weights.bias, given.noise, trial.drives, given.inputs.shape[2]
    for b in range(first, last):
        for n in range(units):
            drives[t, port, b, n] = bias[d * units + n]
        if noise.shape[0] > 0:
            for n in range(units):
                drives[t, port, b, n] += noise[t, b, d * units + n]
    start, to = (t * trials + first) * channels, ((t * ports + port) * trials + first) * units
    multiply(given.inputs.reshape(-1), start, weights.input.reshape(-1), d, channels, drives.reshape(-1), to, last - first, units,
             np.intp(1))  # fmt: skip


@part
def recurrent_drive(weights, port, keep, trial, t, d, first, last):
    """W o(t-1) of drive d to its port, added to what is there where `keep` is 1."""
    _, ports, trials, units = trial.drives.shape
    outputs, to = trial.emitted.shape[1], ((t * ports + port) * trials + first) * units
    for c in range(outputs):
        start = ((t * outputs + c) * trials + first) * units
        multiply(trial.emitted.reshape(-1), start, weights.recurrent.reshape(-1), d * outputs + c, units, trial.drives.reshape(-1), to,
                 last - first, units, max(keep, min(c, 1)))  # fmt: skip


@part
def read_packed(weights, trial, t, first, last):
    """y(t) = Wout o(t) by products."""
    _, outputs, trials, units = trial.emitted.shape
    channels = trial.readout.shape[2]
    for c in range(outputs):
        start, to = (((t + 1) * outputs + c) * trials + first) * units, (t * trials + first) * channels
        multiply(trial.emitted.reshape(-1), start, weights.readout.reshape(-1), c, units, trial.readout.reshape(-1), to, last - first, channels,
                 min(c, 1))  # fmt: skip


@part
def run_forward(unit, constants, weights: ForwardWeights, ports: Ports, given: Input, trial: Trial, first, last):
    """u(t) = W o(t-1) + Win x(t) + b + noise(t);  s(t) = step(s(t-1), u(t));  y(t) = Wout o(t).

    Fills all of `trial` from states[0].
    """
    if unit[OUTPUT] != 0:
        output(unit, trial.states[0], constants, trial.emitted[0], first, last)
    for t in range(trial.drives.shape[0]):
        for d in range(ports.recurrent.shape[0]):
            if ports.external[d] >= 0:
                external_drive(weights, ports.external[d], given, trial, t, d, first, last)
            if ports.recurrent[d] >= 0:
                recurrent_drive(weights, ports.recurrent[d], 1 if ports.external[d] == ports.recurrent[d] else 0, trial, t, d, first, last)
        step(unit, trial.states[t], trial.drives[t], constants, trial.states[t + 1], first, last)
        if unit[OUTPUT] != 0:
            output(unit, trial.states[t + 1], constants, trial.emitted[t + 1], first, last)
        if trial.readout.shape[2] > FEW:
            read_packed(weights, trial, t, first, last)
        else:
            read(trial.emitted[t + 1], weights.readout_rows, trial.readout[t], first, last)


@entry
def forward(unit, constants, recurrent, input_, readout, bias, readout_rows, recurrent_ports, external_ports, inputs, noise,
            states, drives, emitted, readouts, first, last):  # fmt: skip
    """`run_forward`, called with the tuples' arrays one by one: Numba takes microseconds to type a tuple that comes from Python."""
    run_forward(unit, constants, ForwardWeights(recurrent, input_, readout, bias, readout_rows), Ports(recurrent_ports, external_ports),
                Input(inputs, noise), Trial(states, drives, emitted, readouts), first, last)  # fmt: skip


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
        gather_some(factors.recurrent, first, last, factors.before, row, depth, room, change.recurrent, kept)
        gather(factors.inputs, np.intp(0), factors.inputs.shape[1], external, first, last, row, depth, change.input, first, kept)
        for c in range(0, after.shape[1], factors.recurrent.shape[1]):
            start, end = c + first, c + last
            gather(factors.error, np.intp(0), change.readout.shape[0], after, start, end, row, depth, change.readout, start, kept)
        for k in range(row, row + depth):
            for n in range(first, last):
                bias[n] += external[k, n]


@part
def between(factors, start, stop):
    """Rows from `start` to before `stop` of each."""
    return Factors(factors.recurrent[start:stop], factors.external[start:stop], factors.error[start:stop], factors.before[start:stop],
                   factors.after[start:stop], factors.inputs[start:stop])  # fmt: skip


@part
def run_gathered(factors: Factors, change: Change, trials, first, last):
    """dW = sum recurrent before^T, dWin^T = sum inputs external^T, db = sum external, dWout = sum error after^T.

    Of the units from `first` to before `last`. Sums over R trials and steps, the last steps first, as `reverse_scan` has them.
    """
    room, rows, count = room_for(last - first, factors.recurrent), together(trials) * trials, factors.recurrent.shape[0]
    for start in range((count - 1) // rows * rows, -1, -rows):
        stop = min(start + rows, count)
        gather_all(between(factors, start, stop), change, first, last, room, np.intp(1 if stop < count else 0))


@entry
def gathered(back, external, error, before, after, x, recurrent, inputs, bias, readout, trials, first, last):
    """`run_gathered`, called as `forward` is."""
    run_gathered(Factors(back, external, error, before, after, x), Change(recurrent, inputs, bias, readout), trials, first, last)


@part
def adjoint_of_outputs(weights, ports: Ports, full, error, back, output_adjoint, t, last_step, first, last):
    """output_adjoint (K, B, N) = B eps(t) + W^T F^T R(t+1) if full; back (P, B, N) is F^T R(t+1), error (T, B, O)."""
    (_, trials, units), channels, rows = output_adjoint.shape, error.shape[2], last - first
    for c in range(output_adjoint.shape[0]):
        to = (c * trials + first) * units
        multiply(error.reshape(-1), (t * trials + first) * channels, weights.feedback.reshape(-1), c, channels, output_adjoint.reshape(-1), to, rows,
                 units, np.intp(0))  # fmt: skip
        if full and t < last_step:
            for d in range(ports.recurrent.shape[0]):
                if ports.recurrent[d] >= 0:
                    start, block = (ports.recurrent[d] * trials + first) * units, c * ports.recurrent.shape[0] + d
                    multiply(back.reshape(-1), start, weights.recurrent.reshape(-1), block, units, output_adjoint.reshape(-1), to, rows, units,
                             np.intp(1))  # fmt: skip


@part
def keep_step(back, kept, place, first, last):
    """A step's back (P, B, N), into kept (P, steps, B, N)."""
    for p in range(back.shape[0]):
        for b in range(first, last):
            for n in range(back.shape[2]):
                kept[p, place, b, n] = back[p, b, n]


@part
def gather_steps(adjoint, ports, error, presynaptic, change, t, steps, room):
    """Add the terms of the steps that `adjoint` has room for, t the first of them, to the change of every drive's weights."""
    size, trials, units = adjoint.drives.shape[1:]
    start, stop = t * trials, min(t + size, steps) * trials
    few, errors = adjoint.drives.reshape(-1, size * trials, units), error.reshape(steps * trials, error.shape[2])
    emitted = presynaptic.emitted
    for d in range(ports.recurrent.shape[0]):
        post, channels = slice(d * units, (d + 1) * units), error.shape[2] if d == 0 else 0
        factors = Factors(few[ports.recurrent[d], : stop - start], few[ports.external[d], : stop - start], errors[start:stop],
                          emitted[start:stop], emitted[start + trials : stop + trials], presynaptic.inputs[start:stop])  # fmt: skip
        own = Change(change.recurrent[post], change.input[d], change.bias[post], change.readout[:channels])
        gather_all(factors, own, 0, units, room, np.intp(1 if stop < steps * trials else 0))


@part
def run_reverse_scan(unit, constants, weights: BackwardWeights, ports: Ports, full, error, trial: Trial, adjoint: Adjoint, at_once,
                     presynaptic: Presynaptic, change: Change, first, last):  # fmt: skip
    """R(t) = O^T [B eps(t) + W^T F^T R(t+1) if full] + D^T R(t+1): against time, no N x N trace is ever formed.

    error (T, B, O). Fills `adjoint`; the weight change is then one product of its drives and presynaptic activity. Scratch arrays
    have room for all trials, of which only some are touched.

    Where the product is made `at_once`, of all trials of units with one output, while what it takes is still in the cache, `adjoint` has
    room for a few steps, and `change` of all drives, (D N, N), (D, I, N), (D N,) and (O, N), is filled as `gathered` fills it. The same
    numbers: one piece of machine code makes what both gather.
    """
    (steps, _, trials, units), size = trial.drives.shape, adjoint.drives.shape[1]
    states, total = trial.states, adjoint.parameters
    output_adjoint = np.empty((trial.emitted.shape[1], trials, units), states.dtype)
    state_adjoint, carried = np.empty(states.shape[1:], states.dtype), np.empty(states.shape[1:], states.dtype)
    back, partial, room = np.empty(trial.drives.shape[1:], states.dtype), np.empty_like(total), room_for(units, states)
    clear(carried, first, last)
    clear(total, first, last)
    for t in range(steps - 1, -1, -1):
        adjoint_of_outputs(weights, ports, full, error, back, output_adjoint, t, steps - 1, first, last)
        pull_output(unit, states[t + 1], output_adjoint, constants, state_adjoint, first, last)
        add(carried, state_adjoint, first, last)
        pull(unit, states[t], trial.drives[t], state_adjoint, constants, carried, back, partial, first, last)
        keep_step(back, adjoint.drives, t % size, first, last)
        add(partial, total, first, last)
        if at_once and t % size == 0:
            gather_steps(adjoint, ports, error, presynaptic, change, t, steps, room)


@entry
def reverse_scan(unit, constants, recurrent, feedback, recurrent_ports, external_ports, full, error, states, drives, emitted, readouts,
                 back_drives, back_parameters, at_once, presynaptic, x, d_recurrent, d_inputs, d_bias, d_readout, first, last):  # fmt: skip
    """`run_reverse_scan`, called as `forward` is."""
    run_reverse_scan(unit, constants, BackwardWeights(recurrent, feedback), Ports(recurrent_ports, external_ports), full, error,
                     Trial(states, drives, emitted, readouts), Adjoint(back_drives, back_parameters), at_once, Presynaptic(presynaptic, x),
                     Change(d_recurrent, d_inputs, d_bias, d_readout), first, last)  # fmt: skip
