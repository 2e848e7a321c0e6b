"""Covariant Lyapunov vectors: the directions in which neighbouring trajectories part, one for each exponent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._frame import Frame, expect_finite, number_of
from neurorec.dynamics._map import AbstractMap, Step, as_map
from neurorec.dynamics._starts import as_starts
from neurorec.process.memory import expect_memory
from neurorec.process.one_thread import one_thread
from neurorec.random_numbers.seeds import entropy

if TYPE_CHECKING:
    import xarray

STEPS, TRANSIENT, SETTLING = 500, 1000, 500


def covariant_vectors(
    net: Any,
    inputs: Any = None,
    exponents: int | None = None,
    steps: int = STEPS,
    *,
    transient: int = TRANSIENT,
    settling: int = SETTLING,
    start: Any = None,
    seed: int | None = 0,
    dt: float = 1.0,
    size: int = 0,
    jacobian: Step | None = None,
) -> xarray.Dataset:
    """Of each of some steps of a trajectory the direction that grows at each Lyapunov exponent's rate.

    Orthonormal tangent vectors go forward along the trajectory, Q(t) R(t) = dF/dx Q(t-1); then coordinates in them go back from after its
    end, C(t-1) = R(t)^-1 C(t), columns of length 1, and V(t) = Q(t) C(t) is covariant: dF/dx V(t-1) is V(t), each column times its growth
    (Ginelli et al. 2007). Unlike Q, they do not depend on the product by which vectors are orthogonal, and the angles between them mean
    something: where one that grows comes close to one that shrinks, the trajectory is near a tangency.

    Parameters
    ----------
    net, inputs, exponents, start, seed, dt, size, jacobian
        As for `lyapunov`, under a constant input.
    steps : int
        Of the trajectory, that are kept: steps x n x exponents numbers.
    transient, settling : int
        Steps before them, in which the state settles and the vectors turn; and after them, in which the coordinates do, backwards.

    Returns
    -------
    xarray.Dataset
        - ``vector`` (step, unit, exponent), of length 1; ``state`` (step, unit).
        - ``exponent`` (exponent): mean growth of each vector over the steps, in 1/s; ``growth`` (step, exponent): that of each step.
        - ``angle`` (step): degrees between the span of those that grow and of those that shrink; NaN where there are not both.

    Raises
    ------
    ShapeError, ValueRefused, NotOffered
        As `lyapunov`; if the vectors do not fit into memory.

    References
    ----------
    Ginelli et al. (2007), doi:10.1103/PhysRevLett.99.130601.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(0, 12, 1, gain=1.2, seed=0)
    >>> vectors = nr.dynamics.covariant_vectors(net, exponents=3, steps=50, transient=200, settling=100)
    >>> vectors["vector"].dims
    ('step', 'unit', 'exponent')
    """
    system = as_map(net, inputs, np.size(start) if size == 0 and start is not None else size, dt, jacobian)
    kept, before, after = whole("steps", steps), whole("transient", transient, 0), whole("settling", settling, 0)
    k, rng = number_of(exponents, system.size), np.random.default_rng([entropy(seed), 2])
    expect_memory(16 * (kept * (system.size + k) + after * k) * k, "the vectors", "use fewer steps or exponents")
    with one_thread, np.errstate(all="ignore"):  # a trajectory that diverges is refused
        x = rng.standard_normal((1, system.size)) if start is None else as_starts(system, np.atleast_2d(start), seed)[:1]
        path = _forward(system, x, Frame.random(rng, 1, system.size, k).q, (before, kept, after))
        return _labelled(system, path, *_backward(path, rng))


@dataclass(frozen=True)
class _Path:
    """Along a trajectory: states (steps, n), tangent vectors (steps, n, k), and R of every step and of those after them, (steps + more, k, k)."""

    states: np.ndarray
    q: np.ndarray
    r: np.ndarray


def _forward(system: AbstractMap, x: np.ndarray, q: np.ndarray, spans: tuple[int, int, int]) -> _Path:
    before, kept, after = spans
    states, frames, triangles = np.empty((kept, system.size)), np.empty((kept, *q.shape[1:])), np.empty((kept + after, *q.shape[2:] * 2))
    for t in range(-before, kept + after):
        x, q = system.advance(x, q)
        expect_finite(x, t + before + 1)
        q, r = np.linalg.qr(q)
        if t >= 0:
            triangles[t] = r[0]
        if 0 <= t < kept:
            states[t], frames[t] = x[0], q[0]
    return _Path(states, frames, triangles)


def _backward(path: _Path, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (steps, n, k), and by how much each grew in the step to it, (steps, k)."""
    from scipy.linalg import solve_triangular

    k, kept = path.q.shape[2], len(path.q)
    c, vectors, grown = _columns(np.triu(rng.standard_normal((k, k)))), np.empty_like(path.q), np.empty((kept, k))
    for t in reversed(range(len(path.r))):
        earlier = solve_triangular(path.r[t], c, check_finite=False)
        if t < kept:
            vectors[t], grown[t] = path.q[t] @ c, 1 / np.linalg.norm(earlier, axis=0)
        c = _columns(earlier)
    return vectors, grown


def _columns(c: np.ndarray) -> np.ndarray:
    """Of length 1."""
    return c / np.linalg.norm(c, axis=0)


def _angles(vectors: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Smallest angle between what grows and what shrinks, degrees, (steps,)."""
    grows = exponents > 0
    if not grows.any() or grows.all():
        return np.full(len(vectors), np.nan)
    up, down = (np.linalg.qr(vectors[:, :, some])[0] for some in (grows, ~grows))
    cosines = np.linalg.svd(up.transpose(0, 2, 1) @ down, compute_uv=False).max(axis=1)
    return np.degrees(np.arccos(np.minimum(cosines, 1)))


def _labelled(system: AbstractMap, path: _Path, vectors: np.ndarray, grown: np.ndarray) -> xarray.Dataset:
    import xarray

    growth = np.log(grown) / system.dt
    exponents = growth.mean(axis=0)
    variables = {
        "vector": (("step", "unit", "exponent"), vectors, {"units": "1"}),
        "state": (("step", "unit"), path.states, {"units": "1"}),
        "exponent": ("exponent", exponents, {"units": "1/s", "long_name": "Lyapunov exponent"}),
        "growth": (("step", "exponent"), growth, {"units": "1/s"}),
        "angle": ("step", _angles(vectors, exponents), {"units": "degrees", "long_name": "between what grows and what shrinks"}),
    }
    return xarray.Dataset(variables, system.labels, {"dt": system.dt}).drop_indexes("exponent")  # as `lyapunov` has it
