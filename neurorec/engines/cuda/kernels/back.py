"""What a unit does at a step of the reverse scan; becomes ``direction.py`` in a package of kernels that run against time.

arrays: constants (rows, N), drives (T, ports, B, N), states (T+1, k, B, N), signal (T, B, K N) = B eps(t), carried (k, B, N),
and what is filled: back_drives (T, ports, B, N) and back_parameters (Q, B, N), to which is added.
"""

from __future__ import annotations

from numba import cuda

from .precision import index, inlined, real  # pyright: ignore[reportMissingImports]
from .unit import N_DRIVES, N_OUTPUTS, N_PLASTIC, N_PORTS, N_STATES, pull, pull_output, recurrent_adjoint  # pyright: ignore[reportMissingImports]

RECEIVES, SENDS, EVENTS = N_OUTPUTS, N_DRIVES, False  # adjoints are seldom zero
PLASTIC = max(1, N_PLASTIC)  # an array has at least one entry
SEEN = 2 * N_STATES + N_PORTS + N_OUTPUTS  # states before and after the step, drives, learning signal


@inlined
def begin(arrays, b, n, steady, own, line):
    """Nothing is carried back from beyond the last step."""
    b, n = index(b), index(n)
    for j in range(N_STATES):
        own[j] = real(0)
        arrays[4][j, b, n] = real(0)
    for d in range(N_DRIVES):
        line[d] = real(0)


@inlined
def resume(arrays, i, b, n, own):
    """What the steps after this one carry back."""
    b, n = index(b), index(n)
    for j in range(N_STATES):
        own[j] = arrays[4][j, b, n]


@inlined
def look(arrays, i, b, n, seen):
    """States around the step, drives, and B eps(t): what does not depend on other units' adjoints."""
    drives, states, signal = arrays[1], arrays[2], arrays[3]
    units, b, n = states.shape[3], index(b), index(n)
    t, after = index(drives.shape[0] - 1 - i), index(drives.shape[0] - i)
    for j in range(N_STATES):
        seen[j] = states[t, j, b, n]
        seen[N_STATES + j] = states[after, j, b, n]
    for p in range(N_PORTS):
        seen[2 * N_STATES + p] = drives[t, p, b, n]
    for c in range(N_OUTPUTS):
        seen[2 * N_STATES + N_PORTS + c] = signal[t, b, index(c * units + n)]


@inlined
def settle(arrays, i, b, n, steady, seen, received, own, line):
    """R(t) = O^T [B eps(t) + received] + carried; what it gives to the drives and carries on."""
    adjoint, drive = cuda.local.array(N_STATES, real), cuda.local.array(N_PORTS, real)
    partial = cuda.local.array(PLASTIC, real)
    for c in range(N_OUTPUTS):
        received[c] += seen[2 * N_STATES + N_PORTS + c]
    pull_output(seen[N_STATES : 2 * N_STATES], received, steady, adjoint)
    for j in range(N_STATES):
        adjoint[j] += own[j]
    pull(seen[:N_STATES], seen[2 * N_STATES : 2 * N_STATES + N_PORTS], adjoint, steady, own, drive, partial)
    recurrent_adjoint(drive, line)
    t, b, n = index(arrays[1].shape[0] - 1 - i), index(b), index(n)
    for p in range(N_PORTS):
        arrays[5][t, p, b, n] = drive[p]
    for j in range(N_STATES):
        arrays[4][j, b, n] = own[j]
    for q in range(N_PLASTIC):
        arrays[6][q, b, n] += partial[q]
