"""All steps in one cooperative launch: every block has the weights of some units and waits for the others once a step.

A warp takes a tile of `TALL` rows at a time, its lanes side by side along the columns; `AT_ONCE` warps take as many tiles,
and where a block has more warps than that, they share the columns. What units send lies in two lines that are written in turn: one barrier a step is enough.
"""

from __future__ import annotations

from numba import cuda

from .direction import EVENTS, RECEIVES, SEEN, SENDS, begin, look, resume, settle  # pyright: ignore[reportMissingImports]
from .lanes import lane_sum  # pyright: ignore[reportMissingImports]
from .precision import inlined, kernel, real  # pyright: ignore[reportMissingImports]
from .sizes import AT_ONCE, COLUMNS, GROUP, KEPT, SLAB, SLICES, TALL, THREADS, TILES, UNITS  # pyright: ignore[reportMissingImports]
from .unit import N_CONSTANTS, N_STATES  # pyright: ignore[reportMissingImports]

STEADY = max(1, N_CONSTANTS)  # an array has at least one entry
ROWS = RECEIVES * SLAB  # of this block
TALLEST = TILES * TALL
SHELF = (ROWS, COLUMNS) if KEPT > 0 else (1, 1)
WIDTH = 32 * SLICES  # columns that are taken at once


@inlined
def weigh(weights, line, first, trials, tile, piece, lane, parts, scratch):
    """This warp's share of W line, for GROUP trials from `first`; weights (ROWS, COLUMNS), line (B, COLUMNS).

    A unit that does not spike adds nothing, and its weights are not read.
    """
    total = cuda.local.array((TALL, GROUP), real)
    for r in range(TALL):
        for g in range(GROUP):
            total[r, g] = real(0)
    for m in range(piece * 32 + lane, COLUMNS, WIDTH):
        for g in range(GROUP):
            sent = line[min(first + g, trials - 1), m]
            if EVENTS and sent == 0:
                continue
            for r in range(TALL):
                total[r, g] += weights[min(tile * TALL + r, ROWS - 1), m] * sent
    for r in range(TALL):
        for g in range(GROUP):
            whole = lane_sum(total[r, g], scratch)
            if lane == 0 and tile < TILES:
                parts[piece, tile * TALL + r, g] = whole


@inlined
def at_hand(kept, weights):
    """The block's weights in shared memory, where they fit; else where they are."""
    if KEPT == 0:
        return weights
    for place in range(cuda.threadIdx.x, ROWS * COLUMNS, THREADS):
        kept[place // COLUMNS, place % COLUMNS] = weights[place // COLUMNS, place % COLUMNS]
    cuda.syncthreads()
    return kept


@kernel
def sweep(weights, arrays, lines, steps, trials):
    """weights (blocks, ROWS, COLUMNS), lines (2, B, COLUMNS). Grid: a block of THREADS for every SLAB units, all of them at once."""
    kept = cuda.shared.array(SHELF, real)
    parts = cuda.shared.array((SLICES, TALLEST, GROUP), real)
    scratch = cuda.shared.array(THREADS, real)
    received, seen, sent = cuda.local.array(RECEIVES, real), cuda.local.array(SEEN, real), cuda.local.array(SENDS, real)
    steady, own = cuda.local.array(STEADY, real), cuda.local.array(N_STATES, real)
    grid, thread = cuda.cg.this_grid(), cuda.threadIdx.x
    warp, lane = thread // 32, thread % 32
    g, u = thread // SLAB, thread % SLAB
    n = cuda.blockIdx.x * SLAB + u
    rows = at_hand(kept, weights[cuda.blockIdx.x])
    if n < UNITS:
        for i in range(N_CONSTANTS):
            steady[i] = arrays[0][i, n]
        for b in range(g, trials, THREADS // SLAB):
            begin(arrays, b, n, steady, own, sent)
            for c in range(SENDS):
                lines[0, b, c * UNITS + n] = sent[c]
    grid.sync()
    for t in range(steps):
        for first in range(0, trials, GROUP):
            mine = g < GROUP and n < UNITS and first + g < trials
            if mine:
                look(arrays, t, first + g, n, seen)
                resume(arrays, t, first + g, n, own)
            for tile in range(0, TILES, AT_ONCE):
                weigh(rows, lines[t % 2], first, trials, tile + warp % AT_ONCE, warp // AT_ONCE, lane, parts, scratch)
            cuda.syncthreads()
            if mine:
                for h in range(RECEIVES):
                    received[h] = real(0)
                    for each in range(SLICES):
                        received[h] += parts[each, h * SLAB + u, g]
                settle(arrays, t, first + g, n, steady, seen, received, own, sent)
                for c in range(SENDS):
                    lines[(t + 1) % 2, first + g, c * UNITS + n] = sent[c]
            cuda.syncthreads()
        grid.sync()
