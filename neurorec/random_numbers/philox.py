"""Random numbers from a counter: number k of a stream is a function of k alone, whoever asks for it, and in which order.

Philox 4x32 with ten rounds (Salmon et al. 2011, doi:10.1145/2063384.2063405), and normal numbers from it by Box and
Muller. Plain scalar functions: each engine compiles them as they stand, so that a GPU draws what the CPU draws.
"""

from __future__ import annotations

import math

import numpy as np

ROUNDS = 10
LOW, HALF_WORD = np.uint64(0xFFFFFFFF), np.uint64(32)
FACTORS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
STEPS = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)  # by which the two keys move from round to round
DROPPED, UNIT = np.uint64(8), 2.0**-24  # 24 of the 32 bits: as many as float32 holds


def philox(a, b, c, d, key, other):
    """Four words of 32 bits from a counter of four and a key of two, all of them held in 64."""
    for _ in range(ROUNDS):
        first, second = FACTORS[0] * a, FACTORS[1] * c
        a, b, c, d = (second >> HALF_WORD) ^ b ^ key, second & LOW, (first >> HALF_WORD) ^ d ^ other, first & LOW
        key, other = (key + STEPS[0]) & LOW, (other + STEPS[1]) & LOW
    return a, b, c, d


def radius(word):
    """Length of a pair of normal numbers, from a word; at most 5.9."""
    return math.sqrt(-2.0 * math.log((float(word >> DROPPED) + 0.5) * UNIT))


def angle(word):
    """Direction of the pair, in radians."""
    return 2.0 * math.pi * float(word >> DROPPED) * UNIT
