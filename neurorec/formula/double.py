"""float64: constants of its exponentials, and tanh from these."""

from __future__ import annotations

import numba
import numpy as np
from numpy import float64 as real

from neurorec.formula.entry import FLAGS
from neurorec.formula.exponentials import Format, exponentials, written

inlined = numba.njit(inline="always", **FLAGS)
ROOT = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
WHOLE = real(1.5 * 2.0**52)  # a sum with it has no fractional digits


@written
def power(k):
    """2^k: added to `WHOLE`, k is in the last bits."""
    return np.int64((real(k + WHOLE).view(np.int64) + 1023) << 52).view(np.float64)


@written
def split(x):
    """x = 2^k (1 + f)."""
    bits = real(x).view(np.int64) - ROOT
    return real(bits >> 52), np.int64((bits & 0xFFFFFFFFFFFFF) + ROOT).view(np.float64) - real(1)


exp, expm1, log, log1p = exponentials(
    Format(
        real, WHOLE, power, split, least=-746.0, most=710.0, high=0.6931471803691238, low=1.9082149292705877e-10,
        growth=(0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333325544, 0.0013888888888883327, 0.00019841269876864356,
                2.4801587327007187e-05, 2.755725283351691e-06, 2.75572718102198e-07, 2.5106274733573296e-08, 2.0915442297780116e-09),
        area=(0.3333333333333334, 0.19999999999996435, 0.14285714286311463, 0.11111111059551837, 0.09090911711247626, 0.07692223530229984,
              0.06668438407871918, 0.05857637334055213, 0.05488308318973747, 0.03490195249166216, 0.08244142965694784),
    )
)  # fmt: skip


@written
def tanh(x):
    """Accurate to 3 units in the last place; NaN of NaN."""
    t = expm1(real(-2) * abs(x))
    y = -t / (real(2) + t)
    return y if x > real(0) else -y


__all__ = ["exp", "expm1", "inlined", "log", "log1p", "real", "tanh"]
