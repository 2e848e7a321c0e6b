"""Newton's method on all steps at once: DEER."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from neurorec.arrays import positive, whole
from neurorec.engines.unrolled._iterate import solved
from neurorec.engines.unrolled._scan import backwards, in_turn, reverse, scan
from neurorec.engines.unrolled.base import AbstractRecurrence, AbstractUnroll, Array, Solution, StepJacobians
from neurorec.errors import ValueRefused

SOLVERS = {"scan": scan, "in_turn": in_turn}
ENTRIES = 2**22  # of Jacobians held at once, 32 MiB: trials are taken in groups


@dataclass(frozen=True)
class Newton(AbstractUnroll):
    """Linearise around the last sweep's states and solve the linear recurrence (DEER: Lim et al. 2024, arXiv 2309.12252).

    Few sweeps where the network forgets its initial state, each with T products of (k N, k N) matrices. The gradient is one
    adjoint scan at the solution, z(t) = signal(t) + J(t+1)^T z(t+1): backpropagation through time, exactly.

    Parameters
    ----------
    damping : float
        In [0, 1): a sweep assumes ``(1 - damping) J``. Against steps that overshoot; convergence is then linear, no longer quadratic.
    tolerance : float
        Of the residual, relative to the largest state or 1.
    most : int
        Sweeps after which it gives up.
    solver : str
        ``"scan"``, parallel over time, or ``"in_turn"``, the plain loop. They differ by rounding.
    """

    damping: float = 0.0
    tolerance: float = 1e-12
    most: int = 100
    solver: str = "scan"

    def __post_init__(self) -> None:
        positive("tolerance", self.tolerance)
        whole("most", self.most)
        if not 0 <= self.damping < 1:
            raise ValueRefused(f"damping must lie in [0, 1), got {self.damping!r}; 0 is Newton's method, how='jacobi' what 1 would be")
        if self.solver not in SOLVERS:
            raise ValueRefused(f"solver must be {' or '.join(map(repr, SOLVERS))}, got {self.solver!r}")

    def solve(self, recurrence: AbstractRecurrence) -> Solution:
        """As the contract says."""
        return solved(recurrence, recurrence.stepped(), self._forwards, self.tolerance, self.most)

    def pull(self, recurrence: AbstractRecurrence, solution: Solution, signal: Array) -> Iterator[tuple[StepJacobians, Array]]:
        """One adjoint scan."""
        linear = recurrence.linear(solution.states[:, :-1])
        yield linear, self._backwards(linear, signal)

    def _forwards(self, linear: StepJacobians, wrong: Array) -> Array:
        found = array_namespace(wrong).empty_like(wrong)
        for group, steps in _grouped(linear, wrong):
            steps *= 1 - self.damping
            _put(found, group, SOLVERS[self.solver](steps, _stacked(wrong, group)))
        return found

    def _backwards(self, linear: StepJacobians, signal: Array) -> Array:
        found = array_namespace(signal).empty_like(signal)
        for group, steps in _grouped(linear, signal):
            _put(found, group, reverse(SOLVERS[self.solver](backwards(steps), reverse(_stacked(signal, group)))))
        return found


def _grouped(linear: StepJacobians, like: Array) -> Iterator[tuple[slice, Array]]:
    """Some trials at a time, and their Jacobians, (T, G, k N, k N)."""
    states, steps, trials, units = like.shape
    rows, width = np.arange(steps * trials).reshape(steps, trials), states * units
    several = max(1, ENTRIES // (steps * width * width))
    for first in range(0, trials, several):
        group = slice(first, first + several)
        yield group, linear.at(rows[:, group].ravel()).matrices().reshape(steps, -1, width, width)


def _stacked(values: Array, group: slice) -> Array:
    """(k, T, B, N) of some trials as (T, G, k N)."""
    some = array_namespace(values).permute_dims(values[:, :, group], (1, 2, 0, 3))
    return some.reshape(*some.shape[:2], -1)


def _put(found: Array, group: slice, values: Array) -> None:
    """The way back."""
    found[:, :, group] = array_namespace(values).permute_dims(values.reshape(*values.shape[:2], len(found), -1), (2, 0, 1, 3))
