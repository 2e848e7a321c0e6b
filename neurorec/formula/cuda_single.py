"""float32 on a GPU: the rational tanh of the CPU, so that both agree; everything else is the GPU's own."""

from __future__ import annotations

import math
from typing import Any

from numba import cuda
from numba.core import config
from numpy import float32 as real

from neurorec.formula.single import EDGE, P, Q

SIMULATED = bool(getattr(config, "ENABLE_CUDASIM"))  # noqa: B009 - set when Numba is imported, which type checkers do not see
THREADS = 512  # the most that a block may have: few enough for 128 registers each

# The simulator runs plain Python: there is nothing to inline, to bound or to keep.
inlined = cuda.jit(device=True) if SIMULATED else cuda.jit(device=True, forceinline=True)
kernel: Any = cuda.jit if SIMULATED else cuda.jit(cache=True, launch_bounds=THREADS)
roomy: Any = cuda.jit if SIMULATED else cuda.jit(cache=True, launch_bounds=THREADS // 2)  # twice the registers


@inlined
def tanh(x):
    """Rational tanh, NaN kept."""
    x = EDGE if x > EDGE else x
    x = -EDGE if x < -EDGE else x
    s = x * x
    top = x * (P[0] + s * (P[1] + s * (P[2] + s * (P[3] + s * (P[4] + s * P[5])))))
    return top / (Q[0] + s * (Q[1] + s * (Q[2] + s * (Q[3] + s * Q[4]))))


@inlined
def exp(x):
    """Exponential."""
    return real(math.exp(x))


@inlined
def log(x):
    """Natural logarithm."""
    return real(math.log(x))


@inlined
def log1p(x):
    """log(1 + x)."""
    return real(math.log1p(x))


__all__ = ["exp", "inlined", "kernel", "log", "log1p", "real", "roomy", "tanh"]
