"""Minima of the speed |F(x) - x| where n equations are too many to be solved at every step: Newton's steps by conjugate gradients.

What a step needs of the curvature of q = |r|^2 / 2, r = F(x) - x, are its products with a few directions, each a difference of two gradients
G^T r: two products with the weights for all starts together, where one factorisation for every start would cost hundreds (Steihaug 1983,
doi:10.1137/0720042; Nocedal and Wright 2006, algorithm 7.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEPS, DIRECTIONS = 30, 200  # of one start in all, and products of curvature in each
NUDGE = 1e-6  # of a state along a direction, for the difference of two gradients
FIRST, GROW, SHRINK = 0.1, 2.0, 0.25  # radius within which the quadratic is trusted, relative to the state; how it changes
GOOD, POOR, WORTH = 0.75, 0.25, 1e-4  # of a step's gain, relative to what the quadratic promised
FLAT = 1e-3  # gain that a whole Newton step promises, relative to q: at a minimum, whose speed is known to half of that
NEAR = 0.2  # a step that shortens the residual by this factor goes to a root: Newton's own steps are faster there

Gradient = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass
class Descent:
    """Where starts have come to.

    Attributes
    ----------
    x, r, gradient : (starts, n) arrays
        State, F(x) - x, and G^T r.
    radius : (starts,) array
    flat, near : (starts,) arrays of bool
        At a minimum of the speed that is no root; close to a root.
    count : (starts,) array
        Steps.
    """

    x: np.ndarray
    r: np.ndarray
    gradient: np.ndarray
    radius: np.ndarray
    flat: np.ndarray
    near: np.ndarray
    count: np.ndarray

    @classmethod
    def at(cls, gradient: Gradient, x: np.ndarray) -> Descent:
        """Before the first step."""
        r, slope = gradient(x)
        none = np.zeros(len(x), bool)
        return cls(x.copy(), r, slope, FIRST * (1 + np.linalg.norm(x, axis=1)), none, none.copy(), np.zeros(len(x), int))


def descend(gradient: Gradient, x: np.ndarray, up: Callable[[], bool], steps: int = STEPS) -> Descent:
    """From starts (starts, n) down to minima of the speed, or near roots; until a clock is `up`."""
    at = Descent.at(gradient, x)
    for _ in range(steps):
        some = np.flatnonzero(~at.flat & ~at.near & np.isfinite(at.r).all(axis=1))
        if not len(some) or up():
            break
        _step(gradient, at, some)
    return at


def _step(gradient: Gradient, at: Descent, some: np.ndarray) -> None:
    """One step of some, taken where it shortens the residual about as much as the quadratic promised."""
    d, promised, inside = _solved(gradient, at, some)
    x = at.x[some] + d
    r, slope = gradient(x)
    before, after = (_dot(each, each) / 2 for each in (at.r[some], r))
    share, length = (before - after) / promised, np.linalg.norm(d, axis=1)
    at.radius[some] = np.where(
        ~(share > POOR), SHRINK * length, np.where((share > GOOD) & ~inside, GROW * at.radius[some], at.radius[some])
    )
    good = share > WORTH
    at.flat[some] = inside & (promised <= FLAT * before)
    at.near[some] = good & (after < NEAR**2 * before) & inside
    taken = some[good]
    at.x[taken], at.r[taken], at.gradient[taken] = x[good], r[good], slope[good]
    at.count[some] += 1


def _solved(gradient: Gradient, at: Descent, some: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton's step H d = -gradient by conjugate gradients, up to the radius; what it promises, and whether it ended inside."""
    x, slope, radius = at.x[some], at.gradient[some], at.radius[some]
    left, d, bent = -slope, np.zeros_like(x), np.zeros_like(x)
    v, size = left.copy(), _dot(slope, slope)
    enough = size * np.minimum(0.01, np.sqrt(size / np.maximum(_dot(at.r[some], at.r[some]), np.finfo(float).tiny)))
    inside, active = np.ones(len(x), bool), size > 0
    for _ in range(DIRECTIONS):
        a = np.flatnonzero(active)
        if not len(a):
            break
        curved = _curvature(gradient, x[a], slope[a], v[a])
        bend, reach = _dot(v[a], curved), size[a]
        length = reach / bend
        beyond = (bend <= 0) | (np.linalg.norm(d[a] + length[:, None] * v[a], axis=1) >= radius[a])
        length = np.where(beyond, _to_the_edge(d[a], v[a], radius[a]), length)[:, None]
        d[a], bent[a], left[a] = d[a] + length * v[a], bent[a] + length * curved, left[a] - length * curved
        size[a] = _dot(left[a], left[a])
        v[a] = left[a] + (size[a] / reach)[:, None] * v[a]
        inside[a[beyond]] = False
        active[a[beyond | (size[a] <= enough[a])]] = False
    return d, -_dot(slope, d) - _dot(d, bent) / 2, inside & ~active


def _curvature(gradient: Gradient, x: np.ndarray, slope: np.ndarray, v: np.ndarray) -> np.ndarray:
    """H v, by the difference of two gradients."""
    size = (NUDGE / np.linalg.norm(v, axis=1))[:, None]
    return (gradient(x + size * v)[1] - slope) / size


def _to_the_edge(d: np.ndarray, v: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """How far along v from d the radius is reached."""
    vv, dv = _dot(v, v), _dot(d, v)
    return (-dv + np.sqrt(np.maximum(dv**2 + vv * (radius**2 - _dot(d, d)), 0))) / vv


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("bi,bi->b", a, b)
