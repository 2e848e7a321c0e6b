"""What an unroll is: a way to evaluate a recurrence in time, and to bring an error back through it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from array_api_compat import array_namespace

from neurorec.engines.base import Activity
from neurorec.networks.weights import Weights

Array = Any  # a NumPy array or a torch tensor: what is written here does for either


class StepJacobians(Protocol):
    """How every step of a trajectory answers to the state before it; rows R are (time, trial)."""

    def at(self, some: slice | np.ndarray) -> StepJacobians:
        """Some of the rows."""
        ...

    def push(self, tangent: Array) -> Array:
        """J v, (k, R, N) from (k, R, N)."""
        ...

    def pull(self, adjoint: Array) -> Array:
        """J^T z, (k, R, N) from (k, R, N)."""
        ...

    def matrices(self) -> Array:
        """J, (R, k N, k N), states stacked."""
        ...

    def blocks(self) -> Array:
        """What each unit's own states do to one another, (R, N, k, k): the diagonal blocks of J."""
        ...


class AbstractRecurrence(ABC):
    """What an unroll solves: s(t) = f(s(t-1), x(t)) of a network in some trials, for all steps at once; states are (k, time, trial, unit).

    Attributes
    ----------
    steps, trials, units : int
        T, B, N.
    start : (k, B, N) array
        State before the first step.
    """

    steps: int
    trials: int
    units: int
    start: Array

    @abstractmethod
    def local(self) -> AbstractRecurrence:
        """The same, but that what a step does to another unit is no part of its Jacobian: for local rules."""

    @abstractmethod
    def in_turn(self) -> Array:
        """States step by step, (k, T + 1, B, N)."""

    @abstractmethod
    def after(self, before: Array) -> Array:
        """States after each step, (k, T, B, N), from those before it."""

    @abstractmethod
    def linear(self, before: Array) -> StepJacobians:
        """The Jacobian of every step."""

    @abstractmethod
    def activity(self, states: Array) -> Activity:
        """All that an engine hands back."""

    @abstractmethod
    def signal(self, states: Array, error: np.ndarray, feedback: np.ndarray) -> Array:
        """O(t)^T B eps(t), (k, T, B, N): what the error of each step asks of its states."""

    @abstractmethod
    def change(self, states: Array, error: np.ndarray, pulled: Iterable[tuple[StepJacobians, Array]]) -> Weights:
        """sum_t (ds(t)/dW)^T z(t) over all steps and adjoints z that were pulled back, and the readout's part."""

    def guess(self) -> Array:
        """States of a network that stands still, (k, T + 1, B, N)."""
        xp = array_namespace(self.start)
        return xp.repeat(self.start[:, None], self.steps + 1, axis=1)

    def stepped(self) -> Array:
        """States one step after `guess`, (k, T + 1, B, N): with the inputs in them, a better point to linearise at."""
        states = self.guess()
        states[:, 1:] = self.after(states[:, :-1])
        return states

    def residual(self, states: Array) -> Array:
        """f(s(t-1)) - s(t), (k, T, B, N): zero where the recurrence holds."""
        return self.after(states[:, :-1]) - states[:, 1:]


@dataclass(frozen=True, eq=False)
class Solution:
    """States, and how they were found.

    Attributes
    ----------
    states : (k, T + 1, B, N) array
        From the state before the first step on.
    residuals : tuple of (B,) arrays
        What each sweep found before it moved: the largest entry of f(s(t-1)) - s(t) in each trial; empty where nothing is iterated.
    converged : bool
        False: a tolerance was given and not reached.
    visited : tuple of (k, T, B, N) arrays
        From where each sweep stepped, where the answer is what these sweeps make of it.
    """

    states: Array
    residuals: tuple[np.ndarray, ...] = ()
    converged: bool = True
    visited: tuple[Array, ...] = ()


class AbstractUnroll(ABC):
    """A way to evaluate s(t) = f(s(t-1), x(t)) for t = 1 ... T, on NumPy arrays or torch tensors.

    Iterations start from a network that stands still in its initial state (newton and quasi_newton: one step later). A sweep makes s(t) right wherever s(t-1)
    was, so T sweeps give the sequential states whatever the network; how many are needed before is a matter of the
    largest Lyapunov exponent (Gonzalez et al. 2025, arXiv 2508.16817).
    """

    @abstractmethod
    def solve(self, recurrence: AbstractRecurrence) -> Solution:
        """States of every step.

        Parameters
        ----------
        recurrence : AbstractRecurrence
            A network, its weights, and what some trials give it.
        """

    @abstractmethod
    def pull(self, recurrence: AbstractRecurrence, solution: Solution, signal: Array) -> Iterator[tuple[StepJacobians, Array]]:
        """Bring an error back to the steps that made the states.

        Parameters
        ----------
        recurrence, solution
            As given to and found by `solve`.
        signal : (k, T, B, N) array
            Minus dL/ds(t) at fixed states of all other steps.

        Yields
        ------
        linear : StepJacobians
            Steps that were taken, as they answer to the states before them.
        adjoint : (k, T, B, N) array
            Minus the derivative of the loss by their results. The change of a weight is the sum over all that is yielded.
        """
