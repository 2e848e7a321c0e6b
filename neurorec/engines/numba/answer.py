"""Error signal and readout learning of one time step, shared by the loops that learn row by row; copied as kernels.py is.

The feedback is held transposed, ``back (O, K N)``, as the readout is: every loop here runs along units.
"""

from __future__ import annotations

from neurorec.formula.calls import element
from neurorec.formula.entry import part

from .precision import real  # pyright: ignore[reportMissingImports]


@part
def spread(learning, readout, back, epsilon, matrix, signal):
    """signal (K, B, N) = B eps; matrix (O, K N) is filled with B transposed."""
    outputs, trials, units = signal.shape
    for o in range(matrix.shape[0]):
        element(learning, readout[o], back[o], matrix[o])
    signal[:] = real(0)
    for c in range(outputs):
        for b in range(trials):
            for o in range(epsilon.shape[1]):
                for n in range(units):
                    signal[c, b, n] += matrix[o, c * units + n] * epsilon[b, o]


@part
def learn_readout(readout, back, epsilon, emitted, rates, decay):
    """Wout += rate (eps o^T - decay Wout), and a feedback that learns moves alike (its rate is 0 where it is fixed)."""
    outputs, trials, units = emitted.shape
    keep, keep_back = real(1) - rates[3] * decay, real(1) - rates[4] * decay
    for o in range(readout.shape[0]):
        for p in range(outputs * units):
            readout[o, p] *= keep
            back[o, p] *= keep_back
        for c in range(outputs):
            for b in range(trials):
                scale, scale_back = rates[3] * epsilon[b, o], rates[4] * epsilon[b, o]
                for n in range(units):
                    readout[o, c * units + n] += scale * emitted[c, b, n]
                    back[o, c * units + n] += scale_back * emitted[c, b, n]
