"""All steps of units that receive nothing from other units, one thread for each unit of each trial: the reverse scan of a local rule."""

from __future__ import annotations

from numba import cuda

from .direction import RECEIVES, SEEN, SENDS, begin, look, settle  # pyright: ignore[reportMissingImports]
from .precision import kernel, real  # pyright: ignore[reportMissingImports]
from .unit import N_CONSTANTS, N_STATES  # pyright: ignore[reportMissingImports]

STEADY = max(1, N_CONSTANTS)  # an array has at least one entry


@kernel
def sweep(arrays, steps, trials, units):
    """Grid: a thread for each of the trials times units."""
    received, sent = cuda.local.array(RECEIVES, real), cuda.local.array(SENDS, real)
    seen, ahead = cuda.local.array(SEEN, real), cuda.local.array(SEEN, real)
    steady, own = cuda.local.array(STEADY, real), cuda.local.array(N_STATES, real)
    place = cuda.grid(1)
    if place >= trials * units:
        return
    b, n = place // units, place % units
    for i in range(N_CONSTANTS):
        steady[i] = arrays[0][i, n]
    begin(arrays, b, n, steady, own, sent)
    look(arrays, 0, b, n, ahead)
    for t in range(steps):
        for i in range(SEEN):
            seen[i] = ahead[i]
        if t + 1 < steps:
            look(arrays, t + 1, b, n, ahead)  # before this step is written: memory takes longer to answer than a step
        for h in range(RECEIVES):
            received[h] = real(0)
        settle(arrays, t, b, n, steady, seen, received, own, sent)
