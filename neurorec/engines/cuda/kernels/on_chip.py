"""All steps of a small network in one launch: a block holds all weights and some trials, and waits for nobody.

A thread has a tile of the weights, `TALL` rows by `WIDTH` columns: the first `HELD` columns in registers, the others in the
nearest cache, which the registers leave to them; they lie so that neighbouring threads read neighbouring numbers. What a row's
`SLICES` threads have found is summed when its unit steps.
"""

from __future__ import annotations

from numba import cuda

from .direction import HEARS, SEEN, SENDS, begin, look, settle  # pyright: ignore[reportMissingImports]
from .precision import inlined, real, roomy  # pyright: ignore[reportMissingImports]
from .sizes import GROUP, HELD, SLICES, TALL, TILES, UNITS, WIDTH  # pyright: ignore[reportMissingImports]
from .unit import N_CONSTANTS, N_STATES  # pyright: ignore[reportMissingImports]

STEADY = max(1, N_CONSTANTS)  # an array has at least one entry
PADDED = SLICES * WIDTH  # columns, filled up with zeros so that every slice has the same width
TALLEST = TILES * TALL


@inlined
def weigh(weights, held, line, tile, piece, parts):
    """This thread's share of W line, for every trial of the block; weights (WIDTH, TALL, threads), line (GROUP, PADDED)."""
    total = cuda.local.array((TALL, GROUP), real)
    for r in range(TALL):
        for g in range(GROUP):
            total[r, g] = real(0)
    for j in range(HELD):
        for g in range(GROUP):
            sent = line[g, piece * WIDTH + j]
            for r in range(TALL):
                total[r, g] += held[j, r] * sent
    for j in range(HELD, WIDTH):
        for g in range(GROUP):
            sent = line[g, piece * WIDTH + j]
            for r in range(TALL):
                total[r, g] += weights[j, r, cuda.threadIdx.x] * sent
    for r in range(TALL):
        for g in range(GROUP):
            parts[piece, g, tile * TALL + r] = total[r, g]


@roomy
def sweep(weights, arrays, steps, trials):
    """Grid: one block for every GROUP trials, of at least max(SLICES * TILES, GROUP * UNITS) threads."""
    line = cuda.shared.array((GROUP, PADDED), real)
    parts = cuda.shared.array((SLICES, GROUP, TALLEST), real)
    held, heard = cuda.local.array((HELD, TALL), real), cuda.local.array(HEARS, real)
    steady, own = cuda.local.array(STEADY, real), cuda.local.array(N_STATES, real)
    seen, sent = cuda.local.array(SEEN, real), cuda.local.array(SENDS, real)
    thread = cuda.threadIdx.x
    tile, piece = thread % TILES, thread // TILES
    g, n = thread // UNITS, thread % UNITS
    b = cuda.blockIdx.x * GROUP + g
    mine = g < GROUP and b < trials
    for j in range(HELD):
        for r in range(TALL):
            held[j, r] = weights[j, r, thread]
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
            weigh(weights, held, line, tile, piece, parts)
        cuda.syncthreads()
        if mine:
            for h in range(HEARS):
                heard[h] = real(0)
                for each in range(SLICES):
                    heard[h] += parts[each, g, h * UNITS + n]
            settle(arrays, t, b, n, steady, seen, heard, own, sent)
            for c in range(SENDS):
                line[g, c * UNITS + n] = sent[c]
