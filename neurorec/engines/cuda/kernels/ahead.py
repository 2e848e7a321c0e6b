"""What a unit does at a step of the forward pass; becomes ``direction.py`` in a package of kernels that run ahead in time.

arrays: constants (rows, N), drives (T, ports, B, N) with their external part filled in, states (T+1, k, B, N) and emitted
(T+1, K, B, N), which may be the states themselves.
"""

from __future__ import annotations

from numba import cuda

from .precision import index, inlined, real  # pyright: ignore[reportMissingImports]
from .unit import N_DRIVES, N_OUTPUTS, N_PORTS, N_STATES, SHOWS_STATE, SPIKES, add_recurrent, output, step  # pyright: ignore[reportMissingImports]

RECEIVES, SENDS, SEEN = N_DRIVES, N_OUTPUTS, N_PORTS  # blocks of rows and of columns of the weights; numbers looked up beforehand
EVENTS = SPIKES  # whether what is sent is mostly zero


@inlined
def begin(arrays, b, n, steady, own, line):
    """State before the first step, and what the unit sends then."""
    states, emitted, b, n = arrays[2], arrays[3], index(b), index(n)
    for j in range(N_STATES):
        own[j] = states[0, j, b, n]
    output(own, steady, line)
    if not SHOWS_STATE:
        for c in range(N_OUTPUTS):
            emitted[0, c, b, n] = line[c]


@inlined
def resume(arrays, i, b, n, own):
    """State after i steps."""
    i, b, n = index(i), index(b), index(n)
    for j in range(N_STATES):
        own[j] = arrays[2][i, j, b, n]


@inlined
def look(arrays, i, b, n, seen):
    """What does not depend on other units: requested early, so that memory answers in time."""
    i, b, n = index(i), index(b), index(n)
    for p in range(N_PORTS):
        seen[p] = arrays[1][i, p, b, n]


@inlined
def settle(arrays, i, b, n, steady, seen, received, own, line):
    """u(t) = received + external; s(t) = step(s(t-1), u(t)); o(t)."""
    new = cuda.local.array(N_STATES, real)
    after, i, b, n = index(i + 1), index(i), index(b), index(n)
    add_recurrent(seen, received)
    step(own, seen, steady, new)
    output(new, steady, line)
    for p in range(N_PORTS):
        arrays[1][i, p, b, n] = seen[p]
    for j in range(N_STATES):
        own[j] = new[j]
        arrays[2][after, j, b, n] = new[j]
    if not SHOWS_STATE:
        for c in range(N_OUTPUTS):
            arrays[3][after, c, b, n] = line[c]
