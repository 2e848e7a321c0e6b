"""All weights as one flat vector: laid out for the kernels and put back, summed, and looked at, without leaving the GPU."""

from __future__ import annotations

import math

from numba import cuda
from numpy import float64 as wide

from neurorec.formula.cuda_single import SIMULATED, inlined, kernel, real

THREADS = 8 if SIMULATED else 256  # a power of two, for sums by halves; at least SUMS
SUMS = 6  # of `survey`


@kernel
def lay(vector, table, scale, out):
    """out (n,) = scale times what table (n,) says of vector (P,): 1 + a place in it, or 0 for a zero. Grid: any."""
    for i in range(cuda.grid(1), out.shape[0], cuda.gridsize(1)):
        out[i] = vector[table[i] - 1] * scale if table[i] > 0 else real(0)


@kernel
def put(laid, table, vector):
    """The inverse of `lay`: vector (P,) is given what was laid out, (n,). Grid: any."""
    for i in range(cuda.grid(1), laid.shape[0], cuda.gridsize(1)):
        if table[i] > 0:
            vector[table[i] - 1] = laid[i]


@kernel
def over_trials(values, first, vector):
    """vector from `first` on = the sum over b of values (B, N). Grid: any."""
    for n in range(cuda.grid(1), values.shape[1], cuda.gridsize(1)):
        total = real(0)
        for b in range(values.shape[0]):
            total += values[b, n]
        vector[first + n] = total


@inlined
def add_over_block(shared, parts):
    """parts (n, blocks) = sums over the threads of a block of what each left in shared (n, THREADS), always in the same order."""
    thread, half = cuda.threadIdx.x, THREADS // 2
    cuda.syncthreads()
    while half > 0:
        if thread < half:
            for i in range(parts.shape[0]):
                shared[i, thread] += shared[i, thread + half]
        cuda.syncthreads()
        half //= 2
    if thread == 0:
        for i in range(parts.shape[0]):
            parts[i, cuda.blockIdx.x] = shared[i, 0]


@kernel
def squares(change, rates, left, parts):
    """Squares of a change (P,) where weights move, to parts (1, blocks). Grid: blocks of THREADS."""
    shared, total = cuda.shared.array((1, THREADS), wide), wide(0)
    for p in range(cuda.grid(1), change.shape[0], cuda.gridsize(1)):
        if rates[p] * left > real(0):
            total += wide(change[p]) * wide(change[p])
    shared[0, cuda.threadIdx.x] = total
    add_over_block(shared, parts)


@kernel
def survey(vector, before, rates, left, decay, close, updates, readout, feedback, outputs, parts):
    """What the host asks of weights (P,), summed a block to parts (SUMS, blocks). Grid: blocks of THREADS.

    How many are no numbers; how many may move; how many of those did, from what they were `before`, but for what they decay in some
    `updates`; <Wout^T, B>, |Wout|^2 and |B|^2 of what lies from `readout` (O, K N) and from `feedback` (K N, O) on.
    """
    shared, thread = cuda.shared.array((SUMS, THREADS), wide), cuda.threadIdx.x
    wrong, mine, moved = wide(0), wide(0), wide(0)
    inner, forth, back = wide(0), wide(0), wide(0)
    for p in range(cuda.grid(1), vector.shape[0], cuda.gridsize(1)):
        rate = rates[p] * left
        if not math.isfinite(vector[p]):
            wrong += wide(1)
        if rate > real(0):
            rest = before[p] * (real(1) - rate * decay) ** updates
            mine += wide(1)
            if not abs(vector[p] - rest) <= close * abs(rest):
                moved += wide(1)
    received = (feedback - readout) // outputs  # K N: the feedback comes after the readout
    for place in range(cuda.grid(1), feedback - readout, cuda.gridsize(1)):
        a, b = wide(vector[readout + place]), wide(vector[feedback + place % received * outputs + place // received])
        inner += a * b
        forth += a * a
        back += b * b
    shared[0, thread], shared[1, thread], shared[2, thread] = wrong, mine, moved
    shared[3, thread], shared[4, thread], shared[5, thread] = inner, forth, back
    add_over_block(shared, parts)


@kernel
def add_up(parts, out):
    """out (n,) = the sums over blocks of parts (n, blocks). Grid: a thread for each of them."""
    i = cuda.grid(1)
    if i < out.shape[0]:
        total = wide(0)
        for block in range(parts.shape[1]):
            total += parts[i, block]
        out[i] = total
