"""PCG64, NumPy's generator, as scalar functions: a state of 128 bits that a multiplication and an addition lead on, of which 64 are given.

O'Neill (2014), "PCG: a family of simple fast space-efficient statistically good algorithms for random number generation": the linear
congruential generator with the output XSL-RR. A state is (upper, lower) half, as is the increment, which tells streams apart. Compiled as a
copy in the cache folder, beside those that draw from it (`neurorec.random_numbers.together`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from neurorec.formula.entry import exact

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
WORD, WHOLE = ir.IntType(64), ir.IntType(128)
PAIR = types.UniTuple(types.uint64, 2)
ONE, TURN, TURN_BITS, ALL = np.uint64(1), np.uint64(58), np.uint64(63), np.uint64(64)
UPPER, LOW, UNIT = np.uint64(32), np.uint64(0xFFFFFFFF), 2.0**-53
UNIT_BITS = np.uint64(11)


def _advanced(typing, state, increment):
    """state * MULTIPLIER + increment, modulo 2^128; Numba has no integers of that size, LLVM does."""

    def written(context, builder, signature, arguments):
        def joined(pair):
            upper, lower = (builder.zext(builder.extract_value(pair, k), WHOLE) for k in range(2))
            return builder.or_(builder.shl(upper, ir.Constant(WHOLE, 64)), lower)

        following = builder.add(builder.mul(joined(arguments[0]), ir.Constant(WHOLE, MULTIPLIER)), joined(arguments[1]))
        upper = builder.lshr(following, ir.Constant(WHOLE, 64))
        return context.make_tuple(builder, signature.return_type, [builder.trunc(each, WORD) for each in (upper, following)])

    return PAIR(PAIR, PAIR), written


advanced: Any = intrinsic(_advanced)


@exact
def next_word(state, increment):
    """64 bits, and the state after them: the halves of the state, one exclusive-or the other, turned by its upper six bits."""
    upper, lower = advanced(state, increment)
    mixed, turn = upper ^ lower, upper >> TURN
    return (mixed >> turn) | (mixed << ((ALL - turn) & TURN_BITS)), (upper, lower)


@exact
def next_unit(state, increment):
    """A number in [0, 1), of 53 bits, and the state after it."""
    word, state = next_word(state, increment)
    return np.int64(word >> UNIT_BITS) * UNIT, state


@exact
def next_half(state, increment, kept, half):
    """32 bits, and the state after them: a word is two halves, of which the upper one is `kept` for the next time."""
    if kept:
        return half, state, np.uint64(0), half
    word, state = next_word(state, increment)
    return word & LOW, state, ONE, word >> UPPER


@exact
def seeded(upper, lower, stream_upper, stream_lower):
    """State and increment that NumPy makes of four words of a seed sequence."""
    increment = (stream_upper << ONE) | (stream_lower >> TURN_BITS), (stream_lower << ONE) | ONE
    low = increment[1] + lower
    carried = np.uint64(low < lower)
    return advanced((increment[0] + upper + carried, low), increment), increment
