"""What every step sends back: the loss's error times the step's share of the loss, a thread for each step of each trial."""

from __future__ import annotations

from numba import cuda

from .compare import compare  # pyright: ignore[reportMissingImports]
from .precision import kernel  # pyright: ignore[reportMissingImports]


@kernel
def error(readout, targets, loss_weight, out):
    """Fill out (T, B, O) from readout and targets, (T, B, O), and loss_weight (T, B). Grid: any."""
    steps, trials, outputs = out.shape
    for place in range(cuda.grid(1), steps * trials, cuda.gridsize(1)):
        t, b = place // trials, place % trials
        for o in range(outputs):
            out[t, b, o] = readout[t, b, o]
        compare(out[t, b], targets[t, b], loss_weight[t, b])
