"""The loop that fills an array with counted noise; compiled as a copy beside philox.py (`neurorec.formula.cache`)."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from neurorec.formula.entry import compiled

from .philox import HALF_WORD, LOW, angle, philox, radius

words: Any = numba.njit(inline="always")(philox)
length: Any = numba.njit(inline="always")(radius)
direction: Any = numba.njit(inline="always")(angle)


@compiled()
def fill(key, other, trial, step, scale, out):
    """Standard normal numbers times `scale`: four from each counter (quad, step, trial, upper half of the step)."""
    for t in range(out.shape[0]):
        for b in range(out.shape[1]):
            at, number = step + np.uint64(t), trial + np.uint64(b)
            for quad in range((out.shape[2] + 3) // 4):
                drawn = words(np.uint64(quad), at & LOW, number & LOW, at >> HALF_WORD, key, other)
                for pair in range(2):
                    size, way = scale * length(drawn[2 * pair]), direction(drawn[2 * pair + 1])
                    n = 4 * quad + 2 * pair
                    if n < out.shape[2]:
                        out[t, b, n] = size * math.cos(way)
                    if n + 1 < out.shape[2]:
                        out[t, b, n + 1] = size * math.sin(way)
