"""Roots of F(x) - x from many starts at once: damped Newton steps, then a minimisation of the speed for what stalls.

The minimisation solves n equations at every step where n is small, and takes the products of `_descent` where it is not.

Everything is float64 and batched; a start that is done leaves the batch, so that the last ones do not cost as much as the first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurorec.dynamics._descent import Gradient, descend

TOLERANCE = 1e-12  # of max|F(x) - x|, relative to 1 + max|x|
NEWTON, MINIMISATION = 60, 400  # iterations
HALVINGS = 10  # of a Newton step, down to a thousandth
LARGE, PATIENCE = 256, 3  # entries of a state, above which a step costs so much that few halvings are tried
DECREASE = 1e-4  # Armijo's, of the residual's norm a unit of step
FLAT = 1e-8  # of the gradient of the speed, relative to the Jacobian and the residual: a minimum
STALLED = 3e-4  # by which a step shortens the residual, relatively, where it is as good as one
FAR = 1e8  # times the starts' size: escaped
ENTRIES = 2**21  # of the Jacobians that are held at once, 16 MB: what is larger the system gives and takes back at every step

Residual = Callable[[np.ndarray], np.ndarray]
Tell = Callable[[int], object]
CONVERGED, SLOW, DIVERGED, UNFINISHED = "converged", "slow", "diverged", "unfinished"


class Clock:
    """A budget of time; None: as long as it takes."""

    def __init__(self, seconds: float | None):
        self._end, self.partial = np.inf if seconds is None else time.monotonic() + seconds, False

    def up(self) -> bool:
        """Whether the time is over, which is noted."""
        if time.monotonic() > self._end:
            self.partial = True
        return self.partial

    def stop(self) -> None:
        """No more of it."""
        self.partial = True

    def left(self) -> float | None:
        """Seconds until then; None for no end."""
        return None if np.isinf(self._end) else max(0.0, self._end - time.monotonic())


@dataclass
class Found:
    """What became of each start.

    Attributes
    ----------
    x : (starts, n) array
        Where it ended.
    residual : (starts,) array
        max|F(x) - x| there.
    status : (starts,) array of str
        ``"converged"``, ``"slow"`` (a minimum of the speed that is no root), ``"diverged"``, ``"unfinished"``.
    method : (starts,) array of str
        ``"newton"`` or ``"minimisation"``.
    iterations : (starts,) array
    tell : callable
        Is told how many starts are done, after every iteration.
    """

    x: np.ndarray
    residual: np.ndarray
    status: np.ndarray
    method: np.ndarray
    iterations: np.ndarray
    tell: Tell


class Problem:
    """r(x) = 0, with its Jacobian; (B, n) to (B, n) and (B, n, n); with the gradient of |r|^2 / 2, where that can be had for less."""

    def __init__(self, residual: Residual, jacobian: Residual, gradient: Gradient | None = None):
        self.residual, self.jacobian, self.gradient = residual, jacobian, gradient

    @classmethod
    def fixed(cls, step: Residual, jacobian: Residual, gradient: Gradient | None = None) -> Problem:
        """F(x) - x."""
        return cls(lambda x: step(x) - x, lambda x: jacobian(x) - np.eye(x.shape[1]), gradient)


def nobody(done: int) -> None:
    """Where nobody wants to know how far a search is."""


def roots(problem: Problem, starts: np.ndarray, clock: Clock, tolerance: float = TOLERANCE, tell: Tell = nobody) -> Found:
    """Roots near some starts, (starts, n), in chunks whose Jacobians fit into memory."""
    found = Found(
        starts.copy(),
        np.full(len(starts), np.inf),
        np.full(len(starts), UNFINISHED, "U10"),
        np.full(len(starts), "newton", "U12"),
        np.zeros(len(starts), int),
        tell,
    )
    every = np.arange(len(starts))
    with np.errstate(all="ignore"):  # what overflows has diverged, and is called so
        if problem.gradient is not None and starts.shape[1] > LARGE:
            _together(problem, problem.gradient, found, every, clock, tolerance)
        else:
            _by_equations(problem, found, every, clock, tolerance)
    tell(len(starts))
    return found


def chunks(some: np.ndarray, n: int) -> list[np.ndarray]:
    """Of so many rows that their Jacobians fit; one at least, which may be empty."""
    size = max(1, ENTRIES // max(1, n**2))
    return [some[first : first + size] for first in range(0, max(1, len(some)), size)]


def _by_equations(problem: Problem, found: Found, every: np.ndarray, clock: Clock, tolerance: float) -> None:
    """Newton's steps and a minimisation that solve n equations at every step, a chunk of the starts after another."""
    for some in chunks(every, found.x.shape[1]):
        _newton(problem, found, some, clock, tolerance, HALVINGS)
        _minimise(problem, found, some[found.status[some] == UNFINISHED], clock, tolerance)


def _together(problem: Problem, gradient: Gradient, found: Found, some: np.ndarray, clock: Clock, tolerance: float) -> None:
    """Newton's steps where they lead straight to a root; from the other starts a descent of all together, then Newton's steps from where it came.

    Damped Newton steps that do not converge end where a descent is longer than from the start itself: it begins at the start. Where there is a
    budget, what is left of it goes into a minimisation that solves n equations at every step.
    """
    starts = found.x.copy()
    _newton_in_chunks(problem, found, some, clock, tolerance)
    some = some[found.status[some] == UNFINISHED]
    if not len(some) or clock.up():
        return
    end = descend(gradient, starts[some], clock.up)
    found.x[some], found.method[some] = end.x, "minimisation"
    found.residual[some], found.status[some[end.flat]] = np.abs(end.r).max(axis=1, initial=0), SLOW
    found.iterations[some] += end.count
    _newton_in_chunks(problem, found, some[~end.flat], clock, tolerance)
    some = some[found.status[some] == UNFINISHED]
    for chunk in chunks(some, found.x.shape[1]) if clock.left() else ():
        _minimise(problem, found, chunk, clock, tolerance)


def _newton_in_chunks(problem: Problem, found: Found, some: np.ndarray, clock: Clock, tolerance: float) -> None:
    for chunk in chunks(some, found.x.shape[1]):
        _newton(problem, found, chunk, clock, tolerance, PATIENCE)


def polished(problem: Problem, x: np.ndarray, times: int = 2) -> np.ndarray:
    """A few whole Newton steps, kept where they help."""
    for _ in range(times):
        x = np.concatenate([_once_more(problem, some) for some in chunks(x, x.shape[1])])
    return x


def _once_more(problem: Problem, x: np.ndarray) -> np.ndarray:
    r = problem.residual(x)
    new = x - solved(problem.jacobian(x), r)
    better = np.abs(problem.residual(new)).max(axis=1, initial=0) < np.abs(r).max(axis=1, initial=0)
    return np.where(better[:, None], new, x)


def solved(matrices: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Solutions of a stack of systems, for one right side each (B, n) or several (B, n, k); least-squares ones where a matrix is singular."""
    right = rows if rows.ndim == 3 else rows[..., None]
    try:
        return np.linalg.solve(matrices, right).reshape(rows.shape)
    except np.linalg.LinAlgError:
        return np.stack([_least_squares(m, r) for m, r in zip(matrices, right, strict=True)]).reshape(rows.shape)


def _least_squares(matrix: np.ndarray, row: np.ndarray) -> np.ndarray:
    if not (np.isfinite(matrix).all() and np.isfinite(row).all()):
        return np.full_like(row, np.nan)
    return np.linalg.lstsq(matrix, row, rcond=None)[0]


def _newton(problem: Problem, found: Found, some: np.ndarray, clock: Clock, tolerance: float, halvings: int) -> None:
    """Newton's steps, halved until they shorten the residual; what cannot be shortened is left to the minimisation."""
    limit = FAR * (1 + np.abs(found.x[some]).max(initial=0))
    r = problem.residual(found.x[some])
    for _ in range(NEWTON):
        some, r = _settle(found, some, r, limit, tolerance)
        if not len(some) or clock.up():
            return
        found.iterations[some] += 1
        moved, r, shorter = _shortened(problem, found.x[some], r, solved(problem.jacobian(found.x[some]), -r), halvings)
        found.x[some[shorter]] = moved[shorter]
        some, r = some[shorter], r[shorter]
        if not len(some):
            return
    _settle(found, some, r, limit, tolerance)


def _settle(found: Found, some: np.ndarray, r: np.ndarray, limit: float, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Note what has converged or diverged; what is left, and its residuals."""
    size, largest = np.abs(r).max(axis=1, initial=0), np.abs(found.x[some]).max(axis=1, initial=0)
    found.residual[some] = size
    done, lost = size <= tolerance * (1 + largest), ~(np.isfinite(size) & (largest < limit))
    found.status[some[done]], found.status[some[lost]] = CONVERGED, DIVERGED
    found.tell(int((found.status != UNFINISHED).sum()))
    left = ~(done | lost)
    return some[left], r[left]


def _shortened(problem: Problem, x: np.ndarray, r: np.ndarray, d: np.ndarray, halvings: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x + d, d halved where that does not shorten the residual; whether anything did."""
    length, scale = np.linalg.norm(r, axis=1), np.ones(len(x))
    new, fresh, open_ = x + d, r.copy(), np.arange(len(x))
    for _ in range(halvings + 1):
        new[open_] = x[open_] + scale[open_, None] * d[open_]
        fresh[open_] = problem.residual(new[open_])
        worse = ~(np.linalg.norm(fresh[open_], axis=1) <= (1 - DECREASE * scale[open_]) * length[open_])
        open_ = open_[worse]
        if not len(open_):
            break
        scale[open_] /= 2
    good = np.ones(len(x), bool)
    good[open_] = False
    return new, fresh, good


def _minimise(problem: Problem, found: Found, some: np.ndarray, clock: Clock, tolerance: float) -> None:
    """Levenberg and Marquardt's steps on |F(x) - x|^2 / 2: they end in a root, or in a slow point."""
    found.method[some] = "minimisation"
    limit, damping = FAR * (1 + np.abs(found.x[some]).max(initial=0)), np.full(len(found.x), 1e-3)
    for _ in range(MINIMISATION):
        some, r = _settle(found, some, problem.residual(found.x[some]), limit, tolerance)
        some, r = (each[found.status[some] == UNFINISHED] for each in (some, r))
        if not len(some) or clock.up():
            return
        found.iterations[some] += 1
        j = problem.jacobian(found.x[some])
        gradient, size = np.einsum("bji,bj->bi", j, r), np.linalg.norm(j, axis=(1, 2))
        flat = np.linalg.norm(gradient, axis=1) <= FLAT * size * np.linalg.norm(r, axis=1)
        found.status[some[flat]] = SLOW
        some, r, j, gradient, size = (each[~flat] for each in (some, r, j, gradient, size))
        if not len(some):
            return
        _damped_step(problem, found, some, r, j, gradient, size, damping)


def _damped_step(
    problem: Problem, found: Found, some: np.ndarray, r: np.ndarray, j: np.ndarray, gradient: np.ndarray, size: np.ndarray, damping: np.ndarray
) -> None:  # fmt: skip
    normal = j.transpose(0, 2, 1) @ j
    normal += (damping[some] * size**2 / j.shape[1])[:, None, None] * np.eye(j.shape[1])
    new = found.x[some] - solved(normal, gradient)
    before, after = np.linalg.norm(r, axis=1), np.linalg.norm(problem.residual(new), axis=1)
    better = after < before
    found.status[some[better & (after > (1 - STALLED) * before)]] = SLOW
    found.x[some[better]] = new[better]
    damping[some] *= np.where(better, 0.2, 5)
    found.status[some[damping[some] > 1e12]] = SLOW  # no direction shortens it by what float64 can show
