"""One step after another: the definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from array_api_compat import array_namespace

from neurorec.engines.unrolled.base import AbstractRecurrence, AbstractUnroll, Array, Solution, StepJacobians


@dataclass(frozen=True)
class Sequential(AbstractUnroll):
    """s(t) from s(t-1), t = 1 ... T; errors go back from T to 1 (backpropagation through time)."""

    def solve(self, recurrence: AbstractRecurrence) -> Solution:
        """As the contract says."""
        return Solution(recurrence.in_turn())

    def pull(self, recurrence: AbstractRecurrence, solution: Solution, signal: Array) -> Iterator[tuple[StepJacobians, Array]]:
        """z(t) = signal(t) + J(t+1)^T z(t+1)."""
        linear, adjoint = recurrence.linear(solution.states[:, :-1]), array_namespace(signal).asarray(signal, copy=True)
        for t in reversed(range(1, recurrence.steps)):
            step = slice(t * recurrence.trials, (t + 1) * recurrence.trials)
            adjoint[:, t - 1] += linear.at(step).pull(adjoint[:, t])
        yield linear, adjoint
