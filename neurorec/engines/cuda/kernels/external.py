"""What drives receive from outside, for all steps at once: Win x(t) + b + noise, and silence where a port receives only units."""

from __future__ import annotations

import math

from numba import cuda
from numpy import uint64 as word

from .philox import HALF_WORD, LOW, angle, philox, radius  # pyright: ignore[reportMissingImports]
from .precision import inlined, kernel, real  # pyright: ignore[reportMissingImports]
from .unit import EXTERNAL_PORTS, N_DRIVES, N_PORTS  # pyright: ignore[reportMissingImports]

ONE, TWO = word(1), word(2)
words, length, direction = inlined(philox), inlined(radius), inlined(angle)


@inlined
def noise(key, step, trial, place):
    """Standard normal number `place` of a step of a trial, as `neurorec.random_numbers.noise` counts them; key (2,)."""
    drawn = words(place >> TWO, step & LOW, trial & LOW, step >> HALF_WORD, key[0], key[1])
    if place & TWO:
        size, way = length(drawn[2]), direction(drawn[3])
    else:
        size, way = length(drawn[0]), direction(drawn[1])
    return real(size * (math.sin(way) if place & ONE else math.cos(way)))


@kernel
def external(inputs, weights, key, counted, scale, drives):
    """Fill drives (T, ports, B, N) from inputs (T, B, I + 1), the last of which is one, and weights (D N, I + 1) with the bias.

    key (2,) and counted (2,), numbers of the first step and trial, are words of 64 bits; scale 0: no noise. Grid: any.
    """
    steps, _, trials, units = drives.shape
    for place in range(cuda.grid(1), steps * trials * units, cuda.gridsize(1)):
        t, b, n = place // (trials * units), place // units % trials, place % units
        for p in range(N_PORTS):
            drives[t, p, b, n] = real(0)
        for d in range(N_DRIVES):
            if EXTERNAL_PORTS[d] >= 0:
                row = d * units + n
                total = real(0)
                for i in range(inputs.shape[2]):
                    total += weights[row, i] * inputs[t, b, i]
                if scale > 0:
                    total += scale * noise(key, counted[0] + word(t), counted[1] + word(b), word(row))
                drives[t, EXTERNAL_PORTS[d], b, n] += total
