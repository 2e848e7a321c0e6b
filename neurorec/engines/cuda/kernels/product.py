"""Zeros, and matrix products without a library: for the simulator, and where torch was built without CUDA."""

from __future__ import annotations

from numba import cuda

from neurorec.formula.cuda_single import SIMULATED, kernel, real

SIDE = 4 if SIMULATED else 16  # of a tile: as many threads squared, each with one sum


@kernel
def clear(out):
    """Zero, all of out (n,). Grid: any."""
    for place in range(cuda.grid(1), out.shape[0], cuda.gridsize(1)):
        out[place] = real(0)


@kernel
def gather(post, pre, out):
    """out (n, m) += sum over t, b of post (T, B, n) pre (T, B, m). Grid: a block of (SIDE, SIDE) for every tile of out."""
    left = cuda.shared.array((SIDE, SIDE), real)
    right = cuda.shared.array((SIDE, SIDE), real)
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.y * SIDE, cuda.blockIdx.x * SIDE
    trials, length = post.shape[1], post.shape[0] * post.shape[1]
    total = real(0)
    for start in range(0, length, SIDE):
        at = start + y
        there = at < length
        left[y, x] = post[at // trials, at % trials, row + x] if there and row + x < out.shape[0] else real(0)
        right[y, x] = pre[at // trials, at % trials, column + x] if there and column + x < out.shape[1] else real(0)
        cuda.syncthreads()
        for k in range(SIDE):
            total += left[k, y] * right[k, x]
        cuda.syncthreads()
    if row + y < out.shape[0] and column + x < out.shape[1]:
        out[row + y, column + x] += total


@kernel
def spread(sent, weights, out):
    """out (T, B, n) += x (T, B, m) weights (n, m) transposed. Grid: a block of (SIDE, SIDE) for every tile of (T B, n)."""
    left = cuda.shared.array((SIDE, SIDE), real)
    right = cuda.shared.array((SIDE, SIDE), real)
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    row, column = cuda.blockIdx.y * SIDE + y, cuda.blockIdx.x * SIDE
    trials = sent.shape[1]
    there = row < sent.shape[0] * trials
    total = real(0)
    for start in range(0, weights.shape[1], SIDE):
        inside = start + x < weights.shape[1]
        left[y, x] = sent[row // trials, row % trials, start + x] if there and inside else real(0)
        right[y, x] = weights[column + y, start + x] if column + y < weights.shape[0] and inside else real(0)
        cuda.syncthreads()
        for k in range(SIDE):
            total += left[y, k] * right[x, k]
        cuda.syncthreads()
    if there and column + x < weights.shape[0]:
        out[row // trials, row % trials, column + x] += total
