"""float64, with the library's tanh."""

from __future__ import annotations

import math

import numba
from numpy import float64 as real

from neurorec.formula.flags import FLAGS

inlined = numba.njit(inline="always", **FLAGS)


@inlined
def tanh(x):
    """Correct to the last digits."""
    return math.tanh(x)


__all__ = ["inlined", "real", "tanh"]
