"""All steps of a small network in one launch: a block holds all weights and some trials, and waits for nobody.

Each thread has one row of the weights, or a slice of one: the first `HELD` of its weights in registers, the others from
the nearest cache, which the registers leave to them. Where a block has two threads or more a row, their parts are summed.
"""

from __future__ import annotations

from numba import cuda

from .direction import HEARS, SEEN, SENDS, begin, look, settle  # pyright: ignore[reportMissingImports]
from .precision import inlined, kernel, real  # pyright: ignore[reportMissingImports]
from .sizes import COLUMNS, GROUP, HELD, ROWS, SLICES, UNITS, WIDTH  # pyright: ignore[reportMissingImports]
from .unit import N_CONSTANTS, N_STATES  # pyright: ignore[reportMissingImports]

STEADY = max(1, N_CONSTANTS)  # an array has at least one entry
PADDED = SLICES * WIDTH  # columns, filled up with zeros so that every slice has the same width


@inlined
def weigh(turned, held, line, row, first, parts, piece):
    """This thread's share of W line, for every trial of the block; turned (COLUMNS, ROWS), line (GROUP, PADDED)."""
    total = cuda.local.array(GROUP, real)
    for g in range(GROUP):
        total[g] = real(0)
    for j in range(HELD):
        for g in range(GROUP):
            total[g] += held[j] * line[g, first + j]
    for j in range(first + HELD, min(first + WIDTH, COLUMNS)):
        weight = turned[j, row]
        for g in range(GROUP):
            total[g] += weight * line[g, j]
    for g in range(GROUP):
        parts[piece, g, row] = total[g]


@kernel
def sweep(turned, arrays, steps, trials):
    """Grid: one block for every GROUP trials, of at least max(SLICES * ROWS, GROUP * UNITS) threads."""
    line = cuda.shared.array((GROUP, PADDED), real)
    parts = cuda.shared.array((SLICES, GROUP, ROWS), real)
    held, heard = cuda.local.array(HELD, real), cuda.local.array(HEARS, real)
    steady, own = cuda.local.array(STEADY, real), cuda.local.array(N_STATES, real)
    seen, sent = cuda.local.array(SEEN, real), cuda.local.array(SENDS, real)
    thread = cuda.threadIdx.x
    row, piece = thread % ROWS, thread // ROWS
    g, n = thread // UNITS, thread % UNITS
    b = cuda.blockIdx.x * GROUP + g
    mine = g < GROUP and b < trials
    for j in range(HELD):
        column = piece * WIDTH + j
        held[j] = turned[column, row] if piece < SLICES and column < COLUMNS else real(0)
    for place in range(thread, GROUP * PADDED, cuda.blockDim.x):
        line[place // PADDED, place % PADDED] = real(0)
    cuda.syncthreads()
    if mine:
        for i in range(N_CONSTANTS):
            steady[i] = arrays[0][i, n]
        begin(arrays, b, n, steady, own, sent)
        for c in range(SENDS):
            line[g, c * UNITS + n] = sent[c]
    for t in range(steps):
        if mine:
            look(arrays, t, b, n, seen)
        cuda.syncthreads()
        if piece < SLICES:
            weigh(turned, held, line, row, piece * WIDTH, parts, piece)
        cuda.syncthreads()
        if mine:
            for h in range(HEARS):
                heard[h] = real(0)
                for each in range(SLICES):
                    heard[h] += parts[each, g, h * UNITS + n]
            settle(arrays, t, b, n, steady, seen, heard, own, sent)
            for c in range(SENDS):
                line[g, c * UNITS + n] = sent[c]
