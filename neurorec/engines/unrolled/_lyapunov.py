"""How fast two neighbouring trajectories part: the largest Lyapunov exponent."""

from __future__ import annotations

import numpy as np
from array_api_compat import array_namespace, device

from neurorec.engines.unrolled._host import on_host
from neurorec.engines.unrolled.base import AbstractRecurrence, Array

TURNING = 4  # the first 1 / TURNING of a trial turns a tangent vector into the direction that grows, and is not counted


def largest_exponent(recurrence: AbstractRecurrence, states: Array) -> np.ndarray:
    """Mean growth of the logarithm of a tangent vector, v(t) = J(t) v(t-1), per step, of each trial, (B,).

    Of one trial's length: a short one says little. Minus infinity where a network forgets everything at once.
    """
    linear, trials, start = recurrence.linear(states[:, :-1]), recurrence.trials, recurrence.start
    xp, drawn = array_namespace(start), np.random.default_rng(0).normal(size=tuple(start.shape))
    tangent = xp.asarray(drawn, dtype=start.dtype, device=device(start))
    grown = np.empty((recurrence.steps, trials))
    for t in range(recurrence.steps):
        tangent = linear.at(slice(t * trials, (t + 1) * trials)).push(tangent)
        length = xp.sqrt(xp.sum(tangent**2, axis=(0, 2)))
        grown[t] = on_host(length)
        tangent = tangent / xp.where(length == 0, xp.ones_like(length), length)[:, None]
    with np.errstate(divide="ignore"):
        return np.log(grown[recurrence.steps // TURNING :]).mean(axis=0)
