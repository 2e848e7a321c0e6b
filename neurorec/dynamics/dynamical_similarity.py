"""Whether two systems move alike, whatever their states look like: dynamical similarity analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._states import states_of
from neurorec.errors import ValueRefused
from neurorec.random_numbers.seeds import entropy

if TYPE_CHECKING:
    import xarray

ROUNDS, SETTLED = 300, 1e-6  # of the ascent; growth at which it ends, relative
POLISH, HALVINGS = 50, 8  # steps of Gauss and Newton after it, and of each
STARTS = 20  # random ones of it, beside those from the two matrices themselves


def dynamical_similarity(a: Any, b: Any, delays: int = 1, rank: int = 6, seed: int | None = 0) -> xarray.Dataset:
    """Distance between the linear dynamics of two sets of trajectories, change of coordinates apart (DSA).

    Of each, the states at `delays` steps one after another are whitened and reduced to `rank` components, in which x(t+1) = A x(t) + c is
    fitted by least squares; then min over orthogonal C of \\|A - C B C'\\|. Systems that a linear change of coordinates turns into each other have
    distance 0. Our own plain form: whitening and rank as in delay-embedded dynamic mode decomposition, and for C the ascent
    C <- polar(A C B' + A' C B + c C), which never goes down, from several starts, then Gauss-Newton steps; it may end in a local optimum, so the
    distance is an upper bound.

    Parameters
    ----------
    a, b : Trajectories, Run, DataArray or (time, trial, unit) array
        They need share neither units nor trials.
    delays : int
        1: the states alone, which is enough where all units are seen.
    rank : int
        Components that are kept.
    seed : int or None
        Of starts.

    Returns
    -------
    xarray.Dataset
        - ``angle``: arccos of the cosine between A and C B C', in radians; ``distance``: \\|A - C B C'\\| / sqrt(\\|A\\| \\|B\\|).
        - ``eigenvalues`` (system, component): of A and B, largest modulus first.
        - ``explained`` (system): share of the variance of x(t+1) that A x(t) explains.

    Raises
    ------
    ValueRefused
        If trajectories have fewer dimensions than `rank`, or are too short.

    References
    ----------
    Ostrow et al. (2023), arXiv:2306.10168; the ascent: Journée et al. (2010), arXiv:0811.4724.

    Examples
    --------
    >>> import neurorec as nr
    >>> shown = [nr.simulate(nr.Network.random(3, 10, 3, seed=seed), "n_bit_flip_flop", n=3) for seed in (0, 1)]
    >>> float(nr.dynamics.dynamical_similarity(*shown, rank=4)["angle"]) > 0
    True
    """
    import xarray

    fits = [
        _fitted(name, states_of(each).values.astype(np.float64), whole("delays", delays), whole("rank", rank))
        for name, each in (("a", a), ("b", b))
    ]
    (first, _), (second, _) = fits
    turned = _turned(first, second, np.random.default_rng(entropy(seed)))
    sizes = np.linalg.norm(first) * np.linalg.norm(second)
    chord = np.linalg.norm(first / np.linalg.norm(first) - turned / np.linalg.norm(turned))  # near 0 it has more digits than the cosine
    variables = {
        "angle": ((), 2 * np.arcsin(min(1.0, chord / 2)), {"units": "rad"}),
        "distance": ((), np.linalg.norm(first - turned) / np.sqrt(sizes), {"units": "1"}),
        "eigenvalues": (("system", "component"), np.array([_sorted(matrix) for matrix, _ in fits]), {"units": "1"}),
        "explained": ("system", [each for _, each in fits], {"units": "1", "long_name": "share of the variance"}),
    }
    return xarray.Dataset(variables, {"system": ["a", "b"]})


def _sorted(matrix: np.ndarray) -> np.ndarray:
    values = np.linalg.eigvals(matrix).astype(complex)
    return values[np.lexsort((-np.imag(values), -np.round(np.abs(values), 12)))]


def _fitted(name: str, x: np.ndarray, delays: int, rank: int) -> tuple[np.ndarray, float]:
    """A of whitened delay-embedded states, (rank, rank), and the share of the variance that it explains."""
    steps, trials, units = x.shape
    if steps < delays + 1:
        raise ValueRefused(f"{name} has {steps} steps, {delays} delays and a step need {delays + 1}; choose fewer delays")
    x = x - x.mean(axis=(0, 1))
    embedded = np.concatenate([x[k : steps - delays + 1 + k] for k in range(delays)], axis=2)
    flat = embedded.reshape(-1, delays * units)
    left, sizes, _ = np.linalg.svd(flat, full_matrices=False)
    if rank > (found := int((sizes > 1e-10 * max(sizes[0], 1e-300)).sum())):
        raise ValueRefused(f"rank is {rank}, but the states of {name} have {found} dimensions; choose a smaller rank, or more delays")
    white = (left[:, :rank] * np.sqrt(len(flat))).reshape(len(embedded), trials, rank)
    now, then = (part.reshape(-1, rank) - part.mean(axis=(0, 1)) for part in (white[:-1], white[1:]))
    solved = np.linalg.lstsq(now, then, rcond=None)[0]
    return solved.T, 1 - float(((then - now @ solved) ** 2).sum() / (then**2).sum())


def _turned(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """C B C' nearest to A over orthogonal C, of all starts."""
    c = np.concatenate([_starts(first, second), np.linalg.qr(rng.standard_normal((STARTS, *first.shape)))[0]])
    lift = np.linalg.norm(first, 2) * np.linalg.norm(
        second, 2
    )  # makes tr(A' C B C') + lift |C|^2 convex in C, so that the ascent never falls
    best = np.full(len(c), -np.inf)
    for _ in range(ROUNDS):
        left, _, right = np.linalg.svd((first @ c @ second.T + first.T @ c @ second) / 2 + lift * c)
        c = left @ right
        reached = (first * (c @ second @ c.transpose(0, 2, 1))).sum(axis=(1, 2))
        if (reached - best <= SETTLED * lift).all():
            break
        best = reached
    chosen = _polished(first, second, c[reached.argmax()])
    return chosen @ second @ chosen.T


def _polished(first: np.ndarray, second: np.ndarray, c: np.ndarray) -> np.ndarray:
    """C <- exp(S) C with skew-symmetric S from A - T = S T - T S, T = C B C', by least squares; shorter where that goes down no more."""
    from scipy.linalg import expm

    i, j = np.triu_indices(len(first), 1)
    turns = np.zeros((len(i), *first.shape))
    turns[np.arange(len(i)), i, j], turns[np.arange(len(i)), j, i] = 1, -1
    apart = lambda c: np.linalg.norm(first - c @ second @ c.T)  # noqa: E731 - of one argument
    for _ in range(POLISH if len(i) else 0):
        turned = c @ second @ c.T
        columns = (turns @ turned - turned @ turns).reshape(len(i), -1).T
        step = np.tensordot(np.linalg.lstsq(columns, (first - turned).ravel(), rcond=None)[0], turns, 1)
        tries = (expm(0.5**k * step) @ c for k in range(HALVINGS))
        better = next((each for each in tries if apart(each) < apart(c)), None)
        if better is None:
            break
        c = better
    return c


def _starts(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The identity, and bases in which both symmetric, or both skew-symmetric, parts are diagonal, in order."""
    symmetric = [np.linalg.eigh(matrix + matrix.T)[1] for matrix in (first, second)]
    return np.stack([np.eye(len(first)), symmetric[0] @ symmetric[1].T])
