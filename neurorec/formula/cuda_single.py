"""float32 on a GPU: the rational tanh of the CPU, so that both agree; everything else is the GPU's own."""

from __future__ import annotations

import math
from typing import Any

from numba import cuda
from numba.core import config
from numpy import float32 as real
from numpy import uint32 as index

from neurorec.formula.single import rational

SIMULATED = bool(getattr(config, "ENABLE_CUDASIM"))  # noqa: B009 - set when Numba is imported, which type checkers do not see
THREADS = 512  # the most that a block may have: few enough for 128 registers each

# The simulator runs plain Python: there is nothing to inline, to bound or to keep.
inlined = cuda.jit(device=True) if SIMULATED else cuda.jit(device=True, forceinline=True)
kernel: Any = cuda.jit if SIMULATED else cuda.jit(cache=True, launch_bounds=THREADS)
roomy: Any = cuda.jit if SIMULATED else cuda.jit(cache=True, launch_bounds=THREADS // 2)  # twice the registers


tanh = inlined(rational)


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


__all__ = ["exp", "index", "inlined", "kernel", "log", "log1p", "real", "roomy", "tanh"]
