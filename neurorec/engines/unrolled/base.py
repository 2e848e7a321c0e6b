"""What an unroll is: a way to evaluate a recurrence in time, and to bring an error back through it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurorec.engines.reference.linearised import Linearised
from neurorec.engines.unrolled._recurrence import Recurrence


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

    states: np.ndarray
    residuals: tuple[np.ndarray, ...] = ()
    converged: bool = True
    visited: tuple[np.ndarray, ...] = ()


class AbstractUnroll(ABC):
    """A way to evaluate s(t) = f(s(t-1), x(t)) for t = 1 ... T, in float64.

    Iterations start from a network that stands still in its initial state (newton and quasi_newton: one step later). A sweep makes s(t) right wherever s(t-1)
    was, so T sweeps give the sequential states whatever the network; how many are needed before is a matter of the
    largest Lyapunov exponent (Gonzalez et al. 2025, arXiv 2508.16817).
    """

    @abstractmethod
    def solve(self, recurrence: Recurrence) -> Solution:
        """States of every step.

        Parameters
        ----------
        recurrence : Recurrence
            A network, its weights, and what some trials give it.
        """

    @abstractmethod
    def pull(self, recurrence: Recurrence, solution: Solution, signal: np.ndarray) -> Iterator[tuple[Linearised, np.ndarray]]:
        """Bring an error back to the steps that made the states.

        Parameters
        ----------
        recurrence, solution
            As given to and found by `solve`.
        signal : (k, T, B, N) array
            Minus dL/ds(t) at fixed states of all other steps.

        Yields
        ------
        linear : Linearised
            Steps that were taken, as they answer to the states before them.
        adjoint : (k, T, B, N) array
            Minus the derivative of the loss by their results. The change of a weight is the sum over all that is yielded.
        """
