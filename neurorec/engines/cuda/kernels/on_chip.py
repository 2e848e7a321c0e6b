"""All steps of a small network in one launch: a block holds all weights and some trials, and waits for nobody.

A thread has a tile of the weights, `TALL` rows by `WIDTH` columns: the first `HELD` columns in registers, the others in the
nearest cache, which the registers leave to them; they lie so that neighbouring threads read neighbouring numbers. What a row's
`SLICES` threads have found is summed when its unit steps.
"""

from __future__ import annotations

from numba import cuda

from .direction import RECEIVES, SEEN, SENDS, begin, look, settle  # pyright: ignore[reportMissingImports]
from .precision import inlined, real, roomy  # pyright: ignore[reportMissingImports]
from .quads import BYTES, put, quad  # pyright: ignore[reportMissingImports]
from .sizes import GROUP, HELD, SLICES, TALL, THREADS, TILES, UNITS, WIDTH  # pyright: ignore[reportMissingImports]
from .unit import N_CONSTANTS, N_STATES  # pyright: ignore[reportMissingImports]

STEADY = max(1, N_CONSTANTS)  # an array has at least one entry
PADDED = SLICES * WIDTH  # columns, filled up with zeros so that every slice has the same width
TALLEST = TILES * TALL


@inlined
def weigh(weights, held, line, tile, piece, parts):
    """This thread's share of W line, for every trial of the block; weights (WIDTH, threads, TALL), line (GROUP, PADDED)."""
    total = cuda.local.array((GROUP, TALL), real)
    for g in range(GROUP):
        for r in range(TALL):
            total[g, r] = real(0)
    for q in range(HELD // TALL):
        for g in range(GROUP):
            add(total, g, held, q * TALL, quad(line, g * PADDED + piece * WIDTH + q * TALL))
    fresh = cuda.local.array((TALL, TALL), real)
    j = HELD
    while j < WIDTH:
        for c in range(TALL):
            take(weights, j + c, fresh, c)
        for g in range(GROUP):
            add(total, g, fresh, 0, quad(line, g * PADDED + piece * WIDTH + j))
        j += TALL
    for g in range(GROUP):
        put(parts, (piece * GROUP + g) * TALLEST + tile * TALL, total[g, 0], total[g, 1], total[g, 2], total[g, 3])


@inlined
def take(weights, j, tile, row):
    """Column j of this thread's tile, to a row of `tile`."""
    tile[row, 0], tile[row, 1], tile[row, 2], tile[row, 3] = quad(weights, (j * THREADS + cuda.threadIdx.x) * TALL)


@inlined
def add(total, g, tile, j, sent):
    """Four columns times what was sent to them, for four rows; tile (columns, TALL)."""
    for r in range(TALL):
        total[g, r] += tile[j, r] * sent[0]
        total[g, r] += tile[j + 1, r] * sent[1]
        total[g, r] += tile[j + 2, r] * sent[2]
        total[g, r] += tile[j + 3, r] * sent[3]


@roomy
def sweep(weights, arrays, steps, trials):
    """Grid: one block for every GROUP trials, of at least max(SLICES * TILES, GROUP * UNITS) threads."""
    line = cuda.shared.array((GROUP, PADDED), real, alignment=BYTES)
    parts = cuda.shared.array((SLICES, GROUP, TALLEST), real, alignment=BYTES)
    held, received = cuda.local.array((HELD, TALL), real), cuda.local.array(RECEIVES, real)
    steady, own = cuda.local.array(STEADY, real), cuda.local.array(N_STATES, real)
    seen, sent = cuda.local.array(SEEN, real), cuda.local.array(SENDS, real)
    thread = cuda.threadIdx.x
    tile, piece = thread % TILES, thread // TILES
    g, n = thread // UNITS, thread % UNITS
    b = cuda.blockIdx.x * GROUP + g
    mine = g < GROUP and b < trials
    for j in range(HELD):
        take(weights, j, held, j)
    for place in range(thread, GROUP * PADDED, THREADS):
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
            for h in range(RECEIVES):
                received[h] = real(0)
                for each in range(SLICES):
                    received[h] += parts[each, g, h * UNITS + n]
            settle(arrays, t, b, n, steady, seen, received, own, sent)
            for c in range(SENDS):
                line[g, c * UNITS + n] = sent[c]
