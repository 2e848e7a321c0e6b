"""Normal and exponential numbers by the ziggurat method of Marsaglia and Tsang (2000), with the layers and the order of bits of NumPy's.

Of 64 bits some choose one of 256 layers of equal area below the density, others a place in it. The place is nearly always below the density,
too; where it may not be, further numbers decide.
"""

from __future__ import annotations

import math

import numpy as np
from numba.np.random import _constants as layers  # NumPy's own tables

from neurorec.formula.entry import exact

from .pcg64 import next_unit, next_word

LAYER, LAYER_BITS, SIGN, PLACE = np.uint64(0xFF), np.uint64(8), np.uint64(1), np.uint64(0x000FFFFFFFFFFFFF)
UNUSED = np.uint64(3)  # bits of an exponential number's word
TAIL, TAIL_INVERSE, EXPONENTIAL_TAIL = layers.ziggurat_nor_r, layers.ziggurat_nor_inv_r, layers.ziggurat_exp_r
INSIDE, WIDTH, DENSITY = layers.ki_double, layers.wi_double, layers.fi_double
EXPONENTIAL_INSIDE, EXPONENTIAL_WIDTH, EXPONENTIAL_DENSITY = layers.ke_double, layers.we_double, layers.fe_double


@exact
def normal(state, increment):
    """A standard normal number, and the state after it."""
    while True:
        word, state = next_word(state, increment)
        layer, rest = np.int64(word & LAYER), word >> LAYER_BITS
        place = (rest >> SIGN) & PLACE
        x = np.int64(place) * WIDTH[layer]
        x = -x if rest & SIGN else x
        if place < INSIDE[layer]:
            return x, state
        if layer == 0:
            return _tail(place, state, increment)
        unit, state = next_unit(state, increment)
        if (DENSITY[layer - 1] - DENSITY[layer]) * unit + DENSITY[layer] < math.exp(-0.5 * x * x):
            return x, state


@exact
def _tail(place, state, increment):
    """A normal number beyond the lowest layer, on the side that a bit of `place` says (Marsaglia 1964)."""
    while True:
        first, state = next_unit(state, increment)
        second, state = next_unit(state, increment)
        beyond, height = -TAIL_INVERSE * math.log1p(-first), -math.log1p(-second)
        if height + height > beyond * beyond:
            x = TAIL + beyond
            return -x if (place >> LAYER_BITS) & SIGN else x, state


@exact
def exponential(state, increment):
    """A number of the exponential distribution with mean 1, and the state after it."""
    while True:
        word, state = next_word(state, increment)
        word >>= UNUSED
        layer, place = np.int64(word & LAYER), word >> LAYER_BITS
        x = np.int64(place) * EXPONENTIAL_WIDTH[layer]
        if place < EXPONENTIAL_INSIDE[layer]:
            return x, state
        unit, state = next_unit(state, increment)
        if layer == 0:
            return EXPONENTIAL_TAIL - math.log1p(-unit), state
        step = EXPONENTIAL_DENSITY[layer - 1] - EXPONENTIAL_DENSITY[layer]
        if step * unit + EXPONENTIAL_DENSITY[layer] < math.exp(-x):
            return x, state
