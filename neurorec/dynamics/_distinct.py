"""Which of many roots are one, and which lie on a curve or surface of roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.dynamics._roots import Clock, Problem, chunks, polished, roots

SAME = 1e-6  # distance of two copies of one root, relative to 1 or their norm
ALIKE = 0.01  # the same of two minima of the speed, which are flat
SINGULAR = 1e-6  # smallest singular value of J - I, relative to the norm of J: roots are not isolated there
BETWEEN = 0.75  # the root between two of a manifold is no farther from either than this, in their distance


@dataclass(frozen=True)
class Distinct:
    """Roots, each once, in an order that does not depend on where the search began.

    Attributes
    ----------
    x : (points, n) array
        Of a manifold one root.
    of : (roots,) array of int
        Which of them each given root is.
    dimension : (points,) array of int
        0 for an isolated root, else of the manifold.
    sigma : (points,) array
        Smallest singular value of J - I.
    """

    x: np.ndarray
    of: np.ndarray
    dimension: np.ndarray
    sigma: np.ndarray


def distinct(problem: Problem, found: np.ndarray, clock: Clock) -> Distinct:
    """Merge what is the same, after two more of Newton's steps, and join what lies on one manifold."""
    x = polished(problem, found)
    groups = merged(x)
    firsts = np.array([np.flatnonzero(groups == each)[0] for each in range(groups.max(initial=-1) + 1)], int)
    values = _singular_values(problem, x[firsts])
    dimension = (values < SINGULAR).sum(axis=1)
    joined = _manifolds(problem, x[firsts], dimension, clock)
    return _ordered(x[firsts], joined, joined[groups], dimension, values.min(axis=1, initial=np.inf))


def isolated(problem: Problem, x: np.ndarray) -> np.ndarray:
    """Which roots are no part of a manifold, (roots,)."""
    return np.asarray((_singular_values(problem, x) >= SINGULAR).all(axis=1))


def merged(x: np.ndarray, same: float = SAME) -> np.ndarray:
    """Number of the group of each state, (states,): those that are the same, in the order of the first of each."""
    groups, heads = np.full(len(x), -1), []
    for number, row in enumerate(x):
        if heads:
            apart = np.linalg.norm(x[heads] - row, axis=1)
            nearest = int(apart.argmin())
            if apart[nearest] <= same * max(1.0, float(np.linalg.norm(row))):
                groups[number] = nearest
                continue
        groups[number] = len(heads)
        heads.append(number)
    return groups


def _singular_values(problem: Problem, x: np.ndarray) -> np.ndarray:
    """Of J - I, relative to 1 and the norm of J, (points, n)."""
    values = np.concatenate([np.linalg.svd(problem.jacobian(some), compute_uv=False) for some in chunks(x, x.shape[1])])
    return values / np.maximum(1, values[:, :1])


def _manifolds(problem: Problem, x: np.ndarray, dimension: np.ndarray, clock: Clock) -> np.ndarray:
    """Number of the point or manifold of each root: two of a manifold are joined where the root between them lies between them."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
    from scipy.spatial.distance import pdist, squareform

    some = np.flatnonzero(dimension)
    if len(some) < 2:
        return np.arange(len(x))
    tree = minimum_spanning_tree(squareform(pdist(x[some]))).tocoo()
    ends = some[tree.row], some[tree.col]
    middle = roots(problem, (x[ends[0]] + x[ends[1]]) / 2, clock)
    far = np.max([np.linalg.norm(middle.x - x[end], axis=1) for end in ends], axis=0)
    good = (middle.status == "converged") & (far < BETWEEN * np.linalg.norm(x[ends[0]] - x[ends[1]], axis=1))
    graph = coo_array((np.ones(good.sum()), (ends[0][good], ends[1][good])), (len(x), len(x)))
    return connected_components(graph, directed=False)[1]


def _ordered(x: np.ndarray, joined: np.ndarray, of: np.ndarray, dimension: np.ndarray, sigma: np.ndarray) -> Distinct:
    """By the entries of the state, rounded: bits of rounding do not change the order."""
    heads = np.array([np.flatnonzero(joined == each)[0] for each in range(joined.max(initial=-1) + 1)], int)
    order = np.lexsort(np.round(x[heads], 6).T[::-1]) if len(heads) else heads
    place = np.empty(len(heads), int)
    place[order] = np.arange(len(heads))
    chosen = heads[order]
    return Distinct(x[chosen], place[of] if len(of) else of, dimension[chosen], sigma[chosen])
