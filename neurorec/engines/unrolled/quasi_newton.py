"""Newton's method with each unit's own part of the Jacobian only: quasi-DEER."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from array_api_compat import array_namespace

from neurorec.arrays import positive, whole
from neurorec.engines.unrolled._iterate import adjoint_solved, solved
from neurorec.engines.unrolled._scan import backwards, reverse, scan
from neurorec.engines.unrolled.base import AbstractRecurrence, AbstractUnroll, Array, Solution, StepJacobians


@dataclass(frozen=True)
class QuasiNewton(AbstractUnroll):
    """As newton, with the diagonal (k, k) blocks of J, one a unit (Gonzalez et al. 2024, arXiv 2407.19115): no product of matrices.

    It gains on jacobi where units keep much of their own state: a leak, gates. The gradient comes by the same sweeps of the adjoint
    recurrence, and is that of the sequential states.

    Parameters
    ----------
    tolerance : float
        Of the residual, relative to the largest state or 1.
    most : int
        Sweeps after which it gives up.
    """

    tolerance: float = 1e-10
    most: int = 1000

    def __post_init__(self) -> None:
        positive("tolerance", self.tolerance)
        whole("most", self.most)

    def solve(self, recurrence: AbstractRecurrence) -> Solution:
        """As the contract says."""
        return solved(recurrence, recurrence.stepped(), _forwards, self.tolerance, self.most)

    def pull(self, recurrence: AbstractRecurrence, solution: Solution, signal: Array) -> Iterator[tuple[StepJacobians, Array]]:
        """By sweeps of the adjoint."""
        linear = recurrence.linear(solution.states[:, :-1])
        yield linear, adjoint_solved(linear, signal, _backwards, self.tolerance)


def _forwards(linear: StepJacobians, wrong: Array) -> Array:
    steps, added = _by_unit(linear, wrong)
    return _by_state(scan(steps, added), wrong.shape)


def _backwards(linear: StepJacobians, wrong: Array) -> Array:
    steps, added = _by_unit(linear, wrong)
    return _by_state(reverse(scan(backwards(steps), reverse(added))), wrong.shape)


def _by_unit(linear: StepJacobians, wrong: Array) -> tuple[Array, Array]:
    """Blocks (T, B N, k, k) and residuals (T, B N, k): every unit of every trial is a recurrence of its own."""
    states, steps, trials, units = wrong.shape
    added = array_namespace(wrong).permute_dims(wrong, (1, 2, 3, 0)).reshape(steps, -1, states)
    return linear.blocks().reshape(steps, trials * units, states, states), added


def _by_state(found: Array, shape: tuple[int, ...]) -> Array:
    states, steps, trials, units = shape
    return array_namespace(found).permute_dims(found.reshape(steps, trials, units, states), (3, 0, 1, 2))
