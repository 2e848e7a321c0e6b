"""What stands still during a trial, from the parameters as they are now: plastic ones move, and nobody sends them."""

from __future__ import annotations

from numba import cuda

from neurorec.formula.cuda_single import kernel

from .precision import real  # pyright: ignore[reportMissingImports]
from .prepare import N_CONSTANTS, N_PARAMETERS, prepare  # pyright: ignore[reportMissingImports]

AT_LEAST, SETTINGS = max(1, N_CONSTANTS), N_PARAMETERS + 1  # an array has at least one entry; dt is the last setting


@kernel
def constants(vector, first, dt, out):
    """Fill out (rows, N) from the parameters (Q, N), which lie in vector from `first` on. Grid: any."""
    settings, found = cuda.local.array(SETTINGS, real), cuda.local.array(AT_LEAST, real)
    units = out.shape[1]
    for n in range(cuda.grid(1), units, cuda.gridsize(1)):
        for q in range(N_PARAMETERS):
            settings[q] = vector[first + q * units + n]
        settings[N_PARAMETERS] = dt
        prepare(settings, settings, found)
        for i in range(N_CONSTANTS):
            out[i, n] = found[i]
