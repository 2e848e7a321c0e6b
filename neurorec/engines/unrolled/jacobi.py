"""All steps at once, each from what the last sweep made of the step before it: approximate fixed-points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from array_api_compat import array_namespace

from neurorec.arrays import positive, whole
from neurorec.engines.unrolled._iterate import adjoint_solved, per_trial, pulled, solved
from neurorec.engines.unrolled.base import AbstractRecurrence, AbstractUnroll, Array, Solution, StepJacobians


@dataclass(frozen=True)
class Jacobi(AbstractUnroll):
    """K sweeps of s_k(t) = f(s_{k-1}(t-1), x(t)), for all t at once (approximate fixed-points: Wang and Ragni 2021, arXiv 2106.02417).

    A number of sweeps is part of the model: s_K(t) depends on the last K inputs only, training goes back through the same K
    sweeps and no further, and a network trained with K is to be used with K. To a tolerance, the states and the gradient are
    the sequential ones.

    Parameters
    ----------
    sweeps : int, optional
        K. None: as many as `tolerance` asks for.
    tolerance : float
        Of the residual, relative to the largest state or 1.
    most : int
        Sweeps after which a tolerance is given up.
    """

    sweeps: int | None = None
    tolerance: float = 1e-10
    most: int = 1000

    def __post_init__(self) -> None:
        positive("tolerance", self.tolerance)
        whole("most", self.most)
        if self.sweeps is not None:
            whole("sweeps", self.sweeps)

    def solve(self, recurrence: AbstractRecurrence) -> Solution:
        """As the contract says."""
        return self._way.solve(recurrence)

    def pull(self, recurrence: AbstractRecurrence, solution: Solution, signal: Array) -> Iterator[tuple[StepJacobians, Array]]:
        """Through the sweeps that made the states, or by sweeps of the adjoint."""
        return self._way.pull(recurrence, solution, signal)

    @property
    def _way(self) -> AbstractUnroll:
        return _ToTolerance(self.tolerance, self.most) if self.sweeps is None else _Sweeps(self.sweeps)


@dataclass(frozen=True)
class _Sweeps(AbstractUnroll):
    count: int

    def solve(self, recurrence: AbstractRecurrence) -> Solution:
        states, visited, residuals = recurrence.guess(), [], []
        xp = array_namespace(states)
        for _ in range(self.count):
            visited.append(states[:, :-1])
            wrong = recurrence.residual(states)
            residuals.append(per_trial(wrong))
            states = xp.concat([states[:, :1], states[:, 1:] + wrong], axis=1)
        return Solution(states, tuple(residuals), visited=tuple(visited))

    def pull(self, recurrence: AbstractRecurrence, solution: Solution, signal: Array) -> Iterator[tuple[StepJacobians, Array]]:
        linear = None
        for before in reversed(solution.visited):
            signal = signal if linear is None else pulled(linear, signal)
            linear = recurrence.linear(before)
            yield linear, signal


@dataclass(frozen=True)
class _ToTolerance(AbstractUnroll):
    tolerance: float
    most: int

    def solve(self, recurrence: AbstractRecurrence) -> Solution:
        return solved(recurrence, recurrence.guess(), _nothing_assumed, self.tolerance, self.most)

    def pull(self, recurrence: AbstractRecurrence, solution: Solution, signal: Array) -> Iterator[tuple[StepJacobians, Array]]:
        linear = recurrence.linear(solution.states[:, :-1])
        yield linear, adjoint_solved(linear, signal, _nothing_assumed, self.tolerance)


def _nothing_assumed(linear: StepJacobians, wrong: Array) -> Array:
    """A = 0."""
    return wrong
