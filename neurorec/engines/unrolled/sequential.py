"""One step after another: the definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurorec.engines.reference.linearised import Linearised
from neurorec.engines.unrolled._recurrence import Recurrence
from neurorec.engines.unrolled.base import AbstractUnroll, Solution


@dataclass(frozen=True)
class Sequential(AbstractUnroll):
    """s(t) from s(t-1), t = 1 ... T; errors go back from T to 1 (backpropagation through time)."""

    def solve(self, recurrence: Recurrence) -> Solution:
        """As the contract says."""
        return Solution(recurrence.in_turn())

    def pull(self, recurrence: Recurrence, solution: Solution, signal: np.ndarray) -> Iterator[tuple[Linearised, np.ndarray]]:
        """z(t) = signal(t) + J(t+1)^T z(t+1)."""
        linear, adjoint = recurrence.linear(solution.states[:, :-1]), signal.copy()
        for t in reversed(range(1, recurrence.steps)):
            step = slice(t * recurrence.trials, (t + 1) * recurrence.trials)
            adjoint[:, t - 1] += linear.at(step).pull(adjoint[:, t])
        yield linear, adjoint
