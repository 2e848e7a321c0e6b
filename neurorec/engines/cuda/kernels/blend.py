"""How the error reaches the units: B from the readout and the feedback weights, by the feedback's own law."""

from __future__ import annotations

from numba import cuda

from .precision import kernel  # pyright: ignore[reportMissingImports]
from .teaching import element  # pyright: ignore[reportMissingImports]


@kernel
def blend(readout, feedback, out):
    """Fill out (K N, O) from readout (O, K N) and feedback (K N, O). Grid: any."""
    rows, outputs = out.shape
    for place in range(cuda.grid(1), rows * outputs, cuda.gridsize(1)):
        row, o = place // outputs, place % outputs
        out[row, o] = element(readout[o, row], feedback[row, o])
