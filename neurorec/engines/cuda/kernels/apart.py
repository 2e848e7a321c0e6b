"""One step of all units after a product that brought what they received: where the product is the work, as for large networks."""

from __future__ import annotations

from numba import cuda

from .direction import RECEIVES, SEEN, SENDS, begin, look, resume, settle  # pyright: ignore[reportMissingImports]
from .precision import kernel, real  # pyright: ignore[reportMissingImports]
from .unit import N_CONSTANTS, N_STATES  # pyright: ignore[reportMissingImports]

STEADY = max(1, N_CONSTANTS)  # an array has at least one entry


@kernel
def first(arrays, line, units):
    """What units send before the first step, to line (B, SENDS N). Grid: threads for the units, by trials."""
    steady, own, sent = cuda.local.array(STEADY, real), cuda.local.array(N_STATES, real), cuda.local.array(SENDS, real)
    b, n = cuda.blockIdx.y, cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if n >= units:
        return
    for i in range(N_CONSTANTS):
        steady[i] = arrays[0][i, n]
    begin(arrays, b, n, steady, own, sent)
    for c in range(SENDS):
        line[b, c * units + n] = sent[c]


@kernel
def step(arrays, product, line, t, units):
    """Step number t, from product (B, RECEIVES N) to line (B, SENDS N). Grid: threads for the units, by trials."""
    received, seen, sent = cuda.local.array(RECEIVES, real), cuda.local.array(SEEN, real), cuda.local.array(SENDS, real)
    steady, own = cuda.local.array(STEADY, real), cuda.local.array(N_STATES, real)
    b, n = cuda.blockIdx.y, cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if n >= units:
        return
    for i in range(N_CONSTANTS):
        steady[i] = arrays[0][i, n]
    look(arrays, t, b, n, seen)
    resume(arrays, t, b, n, own)
    for h in range(RECEIVES):
        received[h] = product[b, h * units + n]
    settle(arrays, t, b, n, steady, seen, received, own, sent)
    for c in range(SENDS):
        line[b, c * units + n] = sent[c]
