"""The one iteration behind jacobi, quasi_newton and newton: they differ in the Jacobian that a sweep assumes.

With an assumed A(t) for the Jacobian J(t) of step t, a sweep solves a linear recurrence for the correction e of the states:

    e(t) = A(t) e(t-1) + [f(s(t-1)) - s(t)],    e(0) = 0,    s <- s + e

A = 0 is jacobi, A = J newton. Whatever A, a sweep makes at least one more step exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurorec.engines.reference.linearised import Linearised
from neurorec.engines.unrolled._recurrence import Recurrence
from neurorec.engines.unrolled.base import Solution

LARGEST = 1e8  # of a correction; above, a linear extrapolation in time has nothing to say, and the next squares would overflow
Correct = Callable[[Linearised, np.ndarray], np.ndarray]


def solved(recurrence: Recurrence, states: np.ndarray, correct: Correct, tolerance: float, most: int) -> Solution:
    """Sweep until the residual is at most `tolerance` times the largest state (or 1), `most` times at most.

    Parameters
    ----------
    recurrence : Recurrence
    states : (k, T + 1, B, N) array
        Where to start; changed in place.
    correct : callable
        From the Jacobians of all steps and the residual, (k, T, B, N), to the correction of the states after them. Where that is
        too large or no number, the residual itself is taken.
    tolerance : float
    most : int
    """
    residuals = []
    while True:
        wrong = recurrence.residual(states)
        largest = per_trial(wrong)
        converged = float(largest.max()) <= tolerance * max(1.0, float(np.abs(states).max()))
        if converged or len(residuals) == most:
            return Solution(states, tuple(residuals), converged)
        residuals.append(largest)
        states[:, 1:] += bounded(correct, recurrence.linear(states[:, :-1]), wrong)


def adjoint_solved(linear: Linearised, signal: np.ndarray, correct: Correct, tolerance: float) -> np.ndarray:
    """z(t) = signal(t) + J(t+1)^T z(t+1), (k, T, B, N), by sweeps against time; T of them are exact.

    Parameters
    ----------
    linear : Linearised
        Of all steps.
    signal : (k, T, B, N) array
    correct : callable
        As for `solved`, but that e(t) = A(t+1)^T e(t+1) + wrong(t).
    tolerance : float
        Relative to the largest entry of `signal`.
    """
    adjoint, wrong = np.zeros_like(signal), signal
    for _ in range(signal.shape[1]):
        adjoint = adjoint + correct(linear, wrong)
        wrong = signal + pulled(linear, adjoint) - adjoint
        if np.abs(wrong).max() <= tolerance * np.abs(signal).max():
            break
    return adjoint


def pulled(linear: Linearised, adjoint: np.ndarray) -> np.ndarray:
    """J(t+1)^T z(t+1) for every t, zero for the last; (k, T, B, N) from (k, T, B, N)."""
    back = linear.pull(adjoint.reshape(len(adjoint), -1, adjoint.shape[3])).reshape(adjoint.shape)
    return np.concatenate([back[:, 1:], np.zeros_like(back[:, :1])], axis=1)


def bounded(correct: Correct, linear: Linearised, wrong: np.ndarray) -> np.ndarray:
    """A correction where it can be used, elsewhere that of jacobi."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = correct(linear, wrong)
        return np.where(np.abs(found) < LARGEST, found, wrong)


def per_trial(wrong: np.ndarray) -> np.ndarray:
    """Largest residual of each trial, (B,)."""
    return np.abs(wrong).max(axis=(0, 1, 3))
