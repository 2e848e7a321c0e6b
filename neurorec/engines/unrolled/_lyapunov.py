"""How fast two neighbouring trajectories part: the largest Lyapunov exponent."""

from __future__ import annotations

import numpy as np

from neurorec.engines.unrolled._recurrence import Recurrence

TURNING = 4  # the first 1 / TURNING of a trial turns a tangent vector into the direction that grows, and is not counted


def largest_exponent(recurrence: Recurrence, states: np.ndarray) -> np.ndarray:
    """Mean growth of the logarithm of a tangent vector, v(t) = J(t) v(t-1), per step, of each trial, (B,).

    Of one trial's length: a short one says little. Minus infinity where a network forgets everything at once.
    """
    linear, trials = recurrence.linear(states[:, :-1]), recurrence.trials
    tangent = np.random.default_rng(0).normal(size=recurrence.start.shape)
    grown = np.empty((recurrence.steps, trials))
    for t in range(recurrence.steps):
        tangent = linear.at(slice(t * trials, (t + 1) * trials)).push(tangent)
        length = np.sqrt((tangent**2).sum(axis=(0, 2)))
        grown[t] = length
        tangent = tangent / np.where(length == 0, 1, length)[:, None]
    with np.errstate(divide="ignore"):
        return np.log(grown[recurrence.steps // TURNING :]).mean(axis=0)
