"""Loops that draw for many trials, each from its own stream; compiled as a copy beside what they draw by (`neurorec.random_numbers.together`).

`streams` (trials, 6) holds of each trial the halves of its state and of its increment, whether half a word is kept, and that half; `counts`
(trials,) says how many rows of `out` (rows, trials, columns) each draws.
"""

from __future__ import annotations

import math

import numpy as np

from neurorec.formula.entry import compiled

from .bounded import bounded
from .geometric import by_inversion, by_search
from .pcg64 import next_half, next_unit, seeded
from .ziggurat import normal

SINGLE, SINGLE_BITS = np.float32(2.0**-24), np.uint64(8)
STRICT = {"error_model": "numpy", "fastmath": False}  # NumPy's own arithmetic


@compiled(**STRICT)
def begin(words, streams):
    """Streams from four words each."""
    for k in range(len(words)):
        state, increment = seeded(words[k, 0], words[k, 1], words[k, 2], words[k, 3])
        streams[k, 0], streams[k, 1], streams[k, 2], streams[k, 3] = state[0], state[1], increment[0], increment[1]
        streams[k, 4], streams[k, 5] = 0, 0


@compiled(**STRICT)
def normals(streams, counts, out):
    """Standard normal numbers."""
    for k in range(out.shape[1]):
        state, increment = (streams[k, 0], streams[k, 1]), (streams[k, 2], streams[k, 3])
        for row in range(counts[k]):
            for column in range(out.shape[2]):
                out[row, k, column], state = normal(state, increment)
        streams[k, 0], streams[k, 1] = state


@compiled(**STRICT)
def units(streams, counts, out):
    """Numbers in [0, 1), of 53 bits."""
    for k in range(out.shape[1]):
        state, increment = (streams[k, 0], streams[k, 1]), (streams[k, 2], streams[k, 3])
        for row in range(counts[k]):
            for column in range(out.shape[2]):
                out[row, k, column], state = next_unit(state, increment)
        streams[k, 0], streams[k, 1] = state


@compiled(**STRICT)
def single_units(streams, counts, out):
    """Numbers in [0, 1), of 24 bits."""
    for k in range(out.shape[1]):
        state, increment, kept, half = (streams[k, 0], streams[k, 1]), (streams[k, 2], streams[k, 3]), streams[k, 4], streams[k, 5]
        for row in range(counts[k]):
            for column in range(out.shape[2]):
                word, state, kept, half = next_half(state, increment, kept, half)
                out[row, k, column] = np.float32(np.int64(word >> SINGLE_BITS)) * SINGLE
        streams[k, 0], streams[k, 1], streams[k, 4], streams[k, 5] = state[0], state[1], kept, half


@compiled(**STRICT)
def integers(streams, counts, low, size, out):
    """Whole numbers from `low` to ``low + size - 1``."""
    for k in range(out.shape[1]):
        state, increment, kept, half = (streams[k, 0], streams[k, 1]), (streams[k, 2], streams[k, 3]), streams[k, 4], streams[k, 5]
        for row in range(counts[k]):
            for column in range(out.shape[2]):
                above, state, kept, half = bounded(size, state, increment, kept, half)
                out[row, k, column] = low + np.int64(above)
        streams[k, 0], streams[k, 1], streams[k, 4], streams[k, 5] = state[0], state[1], kept, half


@compiled(**STRICT)
def likely_geometrics(streams, counts, p, out):
    """Trials up to the first success, each of a probability from 1/3."""
    for k in range(out.shape[1]):
        state, increment = (streams[k, 0], streams[k, 1]), (streams[k, 2], streams[k, 3])
        for row in range(counts[k]):
            for column in range(out.shape[2]):
                out[row, k, column], state = by_search(p, state, increment)
        streams[k, 0], streams[k, 1] = state


@compiled(**STRICT)
def unlikely_geometrics(streams, counts, p, out):
    """The same of a smaller one."""
    log_failure = math.log1p(-p)
    for k in range(out.shape[1]):
        state, increment = (streams[k, 0], streams[k, 1]), (streams[k, 2], streams[k, 3])
        for row in range(counts[k]):
            for column in range(out.shape[2]):
                out[row, k, column], state = by_inversion(log_failure, state, increment)
        streams[k, 0], streams[k, 1] = state
