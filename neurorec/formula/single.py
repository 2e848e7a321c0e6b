"""float32: a rational tanh, and the constants of its exponentials."""

from __future__ import annotations

import numba
import numpy as np
from numpy import float32 as real

from neurorec.formula.entry import FLAGS
from neurorec.formula.exponentials import Format, exponentials, written

inlined = numba.njit(inline="always", **FLAGS)

# Minimax fit of tanh(x)/x in x^2 on [-8, 8]; absolute error below 4e-7, odd, exact at 0, at most 1. The library's
# tanh is a scalar call of 16 ns; this one vectorises.
P = tuple(map(real, (1.0, 0.137261835, 3.92660187e-3, 2.92043931e-5, 3.35704785e-8, -1.45465777e-11)))
Q = tuple(map(real, (1.0, 0.470595165, 2.74583296e-2, 4.04208123e-4, 1.37232057e-6)))
EDGE = real(8)
ROOT = 0x3F3504F3  # the bits of sqrt(1/2)
WHOLE = real(1.5 * 2.0**23)  # a sum with it has no fractional digits


def rational(x):
    """Rational tanh, NaN of NaN; compiled for the CPU here, for the GPU in `cuda_single`."""
    x = EDGE if x > EDGE else x
    x = -EDGE if x < -EDGE else x
    s = x * x
    top = x * (P[0] + s * (P[1] + s * (P[2] + s * (P[3] + s * (P[4] + s * P[5])))))
    return top / (Q[0] + s * (Q[1] + s * (Q[2] + s * (Q[3] + s * Q[4]))))


tanh = inlined(rational)


@written
def power(k):
    """2^k: added to `WHOLE`, k is in the last bits."""
    return np.int32((real(k + WHOLE).view(np.int32) + 127) << 23).view(np.float32)


@written
def split(x):
    """x = 2^k (1 + f)."""
    bits = np.int32(real(x).view(np.int32) - ROOT)
    return real(bits >> 23), np.int32((bits & 0x7FFFFF) + ROOT).view(np.float32) - real(1)


exp, expm1, log, log1p = exponentials(
    Format(
        real, WHOLE, power, split, least=-104.0, most=89.0, high=0.693359375, low=-0.00021219444005469057,
        growth=(0.5, 0.16666573381900845, 0.04166655011030512, 0.008363773874405574, 0.0013926926614021907),
        area=(0.33333339513216986, 0.19999355623431167, 0.14310103704218619, 0.10699280253339272, 0.12196954042011512),
    )
)  # fmt: skip

__all__ = ["exp", "expm1", "inlined", "log", "log1p", "real", "tanh"]
