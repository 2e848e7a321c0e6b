"""The one iteration behind jacobi, quasi_newton and newton: they differ in the Jacobian that a sweep assumes.

With an assumed A(t) for the Jacobian J(t) of step t, a sweep solves a linear recurrence for the correction e of the states:

    e(t) = A(t) e(t-1) + [f(s(t-1)) - s(t)],    e(0) = 0,    s <- s + e

A = 0 is jacobi, A = J newton. Whatever A, a sweep makes at least one more step exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from array_api_compat import array_namespace

from neurorec.engines.unrolled._host import on_host
from neurorec.engines.unrolled.base import AbstractRecurrence, Array, Solution, StepJacobians

LARGEST = 1e8  # of a correction; above, a linear extrapolation in time has nothing to say, and the next squares would overflow
ROUNDINGS = 64  # of the float type: a relative residual that no iteration can be asked to get under
Correct = Callable[[StepJacobians, Array], Array]


def solved(recurrence: AbstractRecurrence, states: Array, correct: Correct, tolerance: float, most: int) -> Solution:
    """Sweep until the residual is at most `tolerance` times the largest state (or 1), `most` times at most.

    Parameters
    ----------
    recurrence : AbstractRecurrence
    states : (k, T + 1, B, N) array
        Where to start; changed in place.
    correct : callable
        From the Jacobians of all steps and the residual, (k, T, B, N), to the correction of the states after them. Where that is
        too large or no number, the residual itself is taken.
    tolerance : float
        Where it asks for more than the float type can say, 64 roundings are enough.
    most : int
    """
    residuals, xp = [], array_namespace(states)
    tolerance = attainable(tolerance, states)
    while True:
        wrong = recurrence.residual(states)
        largest = per_trial(wrong)
        converged = float(largest.max()) <= tolerance * max(1.0, float(xp.max(xp.abs(states))))
        if converged or len(residuals) == most:
            return Solution(states, tuple(residuals), converged)
        residuals.append(largest)
        states[:, 1:] += bounded(correct, recurrence.linear(states[:, :-1]), wrong)


def adjoint_solved(linear: StepJacobians, signal: Array, correct: Correct, tolerance: float) -> Array:
    """z(t) = signal(t) + J(t+1)^T z(t+1), (k, T, B, N), by sweeps against time; T of them are exact.

    Parameters
    ----------
    linear : StepJacobians
        Of all steps.
    signal : (k, T, B, N) array
    correct : callable
        As for `solved`, but that e(t) = A(t+1)^T e(t+1) + wrong(t).
    tolerance : float
        Relative to the largest entry of `signal`.
    """
    xp, tolerance = array_namespace(signal), attainable(tolerance, signal)
    adjoint, wrong = xp.zeros_like(signal), signal
    for _ in range(signal.shape[1]):
        adjoint = adjoint + correct(linear, wrong)
        wrong = signal + pulled(linear, adjoint) - adjoint
        if xp.max(xp.abs(wrong)) <= tolerance * xp.max(xp.abs(signal)):
            break
    return adjoint


def pulled(linear: StepJacobians, adjoint: Array) -> Array:
    """J(t+1)^T z(t+1) for every t, zero for the last; (k, T, B, N) from (k, T, B, N)."""
    xp = array_namespace(adjoint)
    back = linear.pull(adjoint.reshape(len(adjoint), -1, adjoint.shape[3])).reshape(adjoint.shape)
    return xp.concat([back[:, 1:], xp.zeros_like(back[:, :1])], axis=1)


def bounded(correct: Correct, linear: StepJacobians, wrong: Array) -> Array:
    """A correction where it can be used, elsewhere that of jacobi."""
    with np.errstate(over="ignore", invalid="ignore"):
        found, xp = correct(linear, wrong), array_namespace(wrong)
        return xp.where(xp.abs(found) < LARGEST, found, wrong)


def per_trial(wrong: Array) -> np.ndarray:
    """Largest residual of each trial, (B,)."""
    xp = array_namespace(wrong)
    return on_host(xp.max(xp.abs(wrong), axis=(0, 1, 3)))


def attainable(tolerance: float, like: Array) -> float:
    """The tolerance, or what the float type allows."""
    return max(tolerance, ROUNDINGS * float(array_namespace(like).finfo(like.dtype).eps))
