"""Newton's method with each unit's own part of the Jacobian only: quasi-DEER."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.engines.reference.linearised import Linearised
from neurorec.engines.unrolled._iterate import adjoint_solved, solved
from neurorec.engines.unrolled._recurrence import Recurrence
from neurorec.engines.unrolled._scan import backwards, scan
from neurorec.engines.unrolled.base import AbstractUnroll, Solution


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

    def solve(self, recurrence: Recurrence) -> Solution:
        """As the contract says."""
        return solved(recurrence, recurrence.stepped(), _forwards, self.tolerance, self.most)

    def pull(self, recurrence: Recurrence, solution: Solution, signal: np.ndarray) -> Iterator[tuple[Linearised, np.ndarray]]:
        """By sweeps of the adjoint."""
        linear = recurrence.linear(solution.states[:, :-1])
        yield linear, adjoint_solved(linear, signal, _backwards, self.tolerance)


def _forwards(linear: Linearised, wrong: np.ndarray) -> np.ndarray:
    steps, added = _by_unit(linear, wrong)
    return _by_state(scan(steps, added), wrong.shape)


def _backwards(linear: Linearised, wrong: np.ndarray) -> np.ndarray:
    steps, added = _by_unit(linear, wrong)
    return _by_state(scan(backwards(steps), added[::-1])[::-1], wrong.shape)


def _by_unit(linear: Linearised, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blocks (T, B N, k, k) and residuals (T, B N, k): every unit of every trial is a recurrence of its own."""
    states, steps, trials, units = wrong.shape
    return linear.blocks().reshape(steps, trials * units, states, states), wrong.transpose(1, 2, 3, 0).reshape(steps, -1, states)


def _by_state(found: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    states, steps, trials, units = shape
    return found.reshape(steps, trials, units, states).transpose(3, 0, 1, 2)
