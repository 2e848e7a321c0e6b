"""Geometric numbers, the trials up to and with the first success, as NumPy draws them: by search where success is likely, by inversion elsewhere."""

from __future__ import annotations

import math

from neurorec.formula.entry import exact

from .pcg64 import next_unit
from .ziggurat import exponential


@exact
def by_search(p, state, increment):
    """For a probability from 1/3: the first n of which n trials or fewer are as likely as a number in [0, 1), and the state after it."""
    unit, state = next_unit(state, increment)
    n, total, chance = 1, p, p
    while unit > total:
        chance *= 1.0 - p
        total += chance
        n += 1
    return n, state


@exact
def by_inversion(log_failure, state, increment):
    """For a small one, of which ``log_failure`` is log(1 - p): an exponential number, rounded up, and the state after it."""
    x, state = exponential(state, increment)
    n = math.ceil(-x / log_failure)
    return n, state
