"""Weights that change at every step: step, compare, trace and change, in one cooperative launch for all steps.

A block has the rows of some units: their weights, and a trace for each weight and trial, which no other block touches.
What every block needs of the others is what their units send, once a step. The readout and the feedback are small: every
block has its own copy and changes it alike, rather than wait a second time.

What a trial needs for its traces lies in ``gains (blocks, SLAB, B, k k + k ports + k)``: D, F and the learning signal.
"""

from __future__ import annotations

from numba import cuda

from .across_chip import GROUP, ROWS, SLAB, SLICES, STEADY, TALLEST, THREADS, TILES, UNITS, weigh  # pyright: ignore[reportMissingImports]
from .compare import compare  # pyright: ignore[reportMissingImports]
from .direction import RECEIVES, SEEN, SENDS, begin, look, resume, settle  # pyright: ignore[reportMissingImports]
from .lanes import lane_sum  # pyright: ignore[reportMissingImports]
from .learning import element  # pyright: ignore[reportMissingImports]
from .pace import of_feedback, of_outside, of_readout, of_units  # pyright: ignore[reportMissingImports]
from .precision import inlined, real, roomy  # pyright: ignore[reportMissingImports]
from .sizes import AT_ONCE, COLUMNS  # pyright: ignore[reportMissingImports]
from .unit import (  # pyright: ignore[reportMissingImports]
    EXTERNAL_PORTS,
    N_CONSTANTS,
    N_DRIVES,
    N_OUTPUTS,
    N_PLASTIC,
    N_PORTS,
    N_STATES,
    RECURRENT_PORTS,
    jacobian,
    pull_output,
)

WARPS = THREADS // 32
DECAYS, SLOPES = N_STATES * N_STATES, N_STATES * N_PORTS
PARTIALS = max(1, N_STATES * N_PLASTIC)


@inlined
def read(readout, line, trials, y, warp, lane, scratch):
    """y (B, O) = Wout o, of all trials; readout (O, COLUMNS), line (B, COLUMNS)."""
    outputs = readout.shape[0]
    for start in range(0, trials * outputs, WARPS):
        pair = start + warp
        b, o = min(pair // outputs, trials - 1), pair % outputs
        total = real(0)
        for m in range(lane, COLUMNS, 32):
            total += readout[o, m] * line[b, m]
        total = lane_sum(total, scratch)
        if lane == 0 and pair < trials * outputs:
            y[b, o] = total


@inlined
def explain(arrays, t, b, n, steady, readout, feedback, error, gains):
    """What the traces of a unit need in a trial: D, F and O^T B eps; error (O,), gains as above, (numbers,)."""
    before, after = cuda.local.array(N_STATES, real), cuda.local.array(N_STATES, real)
    drive, signal = cuda.local.array(N_PORTS, real), cuda.local.array(N_OUTPUTS, real)
    partial = cuda.local.array(PARTIALS, real)
    resume(arrays, t, b, n, before)
    resume(arrays, t + 1, b, n, after)
    look(arrays, t, b, n, drive)
    for c in range(N_OUTPUTS):
        row = c * UNITS + n
        signal[c] = real(0)
        for o in range(error.shape[0]):
            signal[c] += element(readout[o, row], feedback[row, o]) * error[o]
    jacobian(before, drive, steady, gains[:DECAYS], gains[DECAYS : DECAYS + SLOPES], partial)
    pull_output(after, signal, steady, gains[DECAYS + SLOPES :])


@inlined
def remember(trace, m, gains, port, pre):
    """e <- D e + F pre of one weight in one trial, and its share of the change; trace (k, width), of which m; gains (numbers,)."""
    fresh = cuda.local.array(N_STATES, real)
    change = real(0)
    for j in range(N_STATES):
        fresh[j] = gains[DECAYS + j * N_PORTS + port] * pre if port >= 0 else real(0)
        for i in range(N_STATES):
            fresh[j] += gains[j * N_STATES + i] * trace[i, m]
        change += gains[DECAYS + SLOPES + j] * fresh[j]
    for j in range(N_STATES):
        trace[j, m] = fresh[j]
    return change


@inlined
def learn(weights, external, trace, gains, line, outside, trials, rates, decay):
    """Trace and change every weight of the block's rows; trace (ROWS, B, k, COLUMNS + I + 1)."""
    inputs = outside.shape[1] - 1
    for row in range(ROWS):
        d, u = row // SLAB, row % SLAB
        for m in range(cuda.threadIdx.x, COLUMNS + inputs + 1, THREADS):
            change = real(0)
            for b in range(trials):
                if m < COLUMNS:
                    change += remember(trace[row, b], m, gains[u, b], RECURRENT_PORTS[d], line[b, m])
                else:
                    change += remember(trace[row, b], m, gains[u, b], EXTERNAL_PORTS[d], outside[b, m - COLUMNS])
            if m < COLUMNS:
                rate = of_units(rates, cuda.blockIdx.x, row, m)
                weights[row, m] += rate * (change - decay * weights[row, m])
            else:
                rate = of_outside(rates, cuda.blockIdx.x, row, m - COLUMNS, inputs)
                external[row, m - COLUMNS] += rate * (change - decay * external[row, m - COLUMNS])


@inlined
def forget(trace, trials):
    """No traces before the first step; trace (ROWS, B, k, width)."""
    for row in range(ROWS):
        for b in range(trials):
            for j in range(N_STATES):
                for m in range(cuda.threadIdx.x, trace.shape[3], THREADS):
                    trace[row, b, j, m] = real(0)


@inlined
def learn_readout(readout, feedback, error, line, trials, rates, decay):
    """dWout = eps o^T, and its transpose for a feedback that learns; error (B, O), line (B, COLUMNS)."""
    outputs = readout.shape[0]
    for place in range(cuda.threadIdx.x, outputs * COLUMNS, THREADS):
        o, m = place // COLUMNS, place % COLUMNS
        change = real(0)
        for b in range(trials):
            change += error[b, o] * line[b, m]
        readout[o, m] += of_readout(rates, o, m) * (change - decay * readout[o, m])
        feedback[m, o] += of_feedback(rates, m, o) * (change - decay * feedback[m, o])


@inlined
def start(arrays, lines, n, g, together, trials, steady, own, sent):
    """Constants and first activity of a unit, in every trial that is this thread's: from `g` on each `together`."""
    for i in range(N_CONSTANTS):
        steady[i] = arrays[0][i, n]
    for b in range(g, trials, together):
        begin(arrays, b, n, steady, own, sent)
        for c in range(SENDS):
            lines[0, b, c * UNITS + n] = sent[c]


@inlined
def collect(parts, external, outside, block, t, b, u, g, received, seen):
    """Drives of a unit of the block in a trial: recurrent ones from their slices, `received`, and what comes from outside, added to `seen`."""
    for h in range(RECEIVES):
        received[h] = real(0)
        for each in range(SLICES):
            received[h] += parts[each, h * SLAB + u, g]
    for d in range(N_DRIVES):
        if EXTERNAL_PORTS[d] >= 0:
            for i in range(outside.shape[2]):
                seen[EXTERNAL_PORTS[d]] += external[block, d * SLAB + u, i] * outside[t, b, i]


@roomy
def online(
    weights, external, readout, feedback, trace, gains, errors, arrays, lines, outside, targets, loss_weight, readouts, rates, decay
):
    """Grid: a block of THREADS for every SLAB units, all of them at once. All weights change in place.

    weights (blocks, ROWS, COLUMNS), external (blocks, ROWS, I + 1) with the bias, readout (blocks, O, COLUMNS), feedback
    (blocks, COLUMNS, O), trace (blocks, ROWS, B, k, COLUMNS + I + 1), errors (blocks, B, O); arrays as in ahead.py, noise
    in the place of the external drive; lines (3, B, COLUMNS): one that others may
    still learn from, one that is read, one that is written; outside (T, B, I + 1), rates as in even.py or
    uneven.py.
    """
    parts = cuda.shared.array((SLICES, TALLEST, GROUP), real)
    scratch = cuda.shared.array(THREADS, real)
    received, seen, sent = cuda.local.array(RECEIVES, real), cuda.local.array(SEEN, real), cuda.local.array(SENDS, real)
    steady, own = cuda.local.array(STEADY, real), cuda.local.array(N_STATES, real)
    grid, block, thread = cuda.cg.this_grid(), cuda.blockIdx.x, cuda.threadIdx.x
    warp, lane = thread // 32, thread % 32
    g, u = thread // SLAB, thread % SLAB
    n, together = block * SLAB + u, THREADS // SLAB
    steps, trials = loss_weight.shape
    forget(trace[block], trials)
    if n < UNITS and g < together:
        start(arrays, lines, n, g, together, trials, steady, own, sent)
    grid.sync()
    for t in range(steps):
        before, after = lines[t % 3], lines[(t + 1) % 3]
        for first in range(0, trials, GROUP):
            b = first + g
            mine = g < GROUP and n < UNITS and b < trials
            for tile in range(0, TILES, AT_ONCE):
                weigh(weights[block], before, first, trials, tile + warp % AT_ONCE, warp // AT_ONCE, lane, parts, scratch)
            cuda.syncthreads()
            if mine:
                look(arrays, t, b, n, seen)
                resume(arrays, t, b, n, own)
                collect(parts, external, outside, block, t, b, u, g, received, seen)
                settle(arrays, t, b, n, steady, seen, received, own, sent)
                for c in range(SENDS):
                    after[b, c * UNITS + n] = sent[c]
            cuda.syncthreads()
        grid.sync()
        read(readout[block], after, trials, errors[block], warp, lane, scratch)
        cuda.syncthreads()
        for b in range(thread, trials, THREADS):
            if block == 0:
                for o in range(readouts.shape[2]):
                    readouts[t, b, o] = errors[0, b, o]
            compare(errors[block, b], targets[t, b], loss_weight[t, b])
        cuda.syncthreads()
        if n < UNITS and g < together:
            for b in range(g, trials, together):
                explain(arrays, t, b, n, steady, readout[block], feedback[block], errors[block, b], gains[block, u, b])
        cuda.syncthreads()
        learn(weights[block], external[block], trace[block], gains[block], before, outside[t], trials, rates, decay)
        learn_readout(readout[block], feedback[block], errors[block], after, trials, rates, decay)
        cuda.syncthreads()
