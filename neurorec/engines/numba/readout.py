"""The readout of one time step, by a sum for each channel; copied as kernels.py is."""

from __future__ import annotations

from neurorec.formula.entry import part

from .precision import real  # pyright: ignore[reportMissingImports]


@part
def read(emitted, readout, y, first, last):
    """y (B, O) = Wout o; emitted (K, B, N), readout (O, K N)."""
    outputs, units = emitted.shape[0], emitted.shape[2]
    for b in range(first, last):
        for o in range(y.shape[1]):
            total = real(0)
            for c in range(outputs):
                for n in range(units):
                    total += readout[o, c * units + n] * emitted[c, b, n]
            y[b, o] = total
