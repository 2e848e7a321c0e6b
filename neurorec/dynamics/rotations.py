"""Planes in which states rotate: jPCA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._states import states_of, time_step
from neurorec.dynamics.principal_components import principal_components
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    import xarray


def rotations(activity: Any, n: int = 6, state: str | Sequence[str] | None = None) -> xarray.Dataset:
    """Planes of the leading principal components in which trajectories rotate, and how much of their change that is (jPCA).

    dx/dt = M x with M skew-symmetric, by least squares over all times and trials, after the mean over trials was subtracted at each time.
    Its optimum is the solution of X'X M + M X'X = X'dX - dX'X. Between steps the mean of both states is taken as x, so that a rotation by
    the same angle every step is one exactly, and the frequency is that of the step's angle.

    Parameters
    ----------
    activity : Trajectories, Run, DataArray or (time, trial, unit) array
        Of several conditions; pass averages of theirs as an array to weigh each the same.
    n : int
        Principal components; an even number makes n / 2 planes.
    state : str or sequence of str, optional
        Of a cell with several. None: the first.

    Returns
    -------
    xarray.Dataset
        - ``component`` (time, trial, component): projections; components 0 and 1 are the fastest plane, 2 and 3 the next.
        - ``loadings`` (component, unit): orthonormal.
        - ``frequency`` (plane) in Hz, fastest first.
        - ``explained`` (plane): share of the variance of the units in each plane.
        - ``r2_skew``, ``r2_any``: shares of the variance of dx/dt within the components that M explains, skew-symmetric and unconstrained. Their
          ratio says how much of the linear dynamics is rotation.

    Raises
    ------
    ValueRefused
        If `n` is odd, or there is only one trial, whose mean over trials is itself.

    References
    ----------
    Churchland et al. (2012), doi:10.1038/nature11129.

    Examples
    --------
    >>> import neurorec as nr
    >>> shown = nr.simulate(nr.Network.random(3, 10, 3, seed=0), "n_bit_flip_flop", n=4)
    >>> planes = nr.dynamics.rotations(shown, n=4)
    >>> planes["frequency"].dims
    ('plane',)
    """
    if whole("n", n, least=2) % 2:
        raise ValueRefused(f"n must be even, as rotations have planes, got {n}")
    states = states_of(activity, state)
    if states.sizes["trial"] < 2:
        raise ValueRefused("jPCA compares trials, from which their mean is subtracted; there is one trial, simulate more")
    apart = (states.astype(np.float64) - states.astype(np.float64).mean("trial")).assign_coords(states.coords)
    pca = principal_components(apart, n)
    x = pca["component"].values
    middle, change = _flat((x[1:] + x[:-1]) / 2), _flat(np.diff(x, axis=0))
    skew = _skew(middle, change)
    basis, speeds = _planes(skew, _flat(x))
    speeds = 2 * np.arctan(speeds / 2)  # radians a step
    r2 = (_r2(change, middle @ skew.T), _r2(change, middle @ np.linalg.lstsq(middle, change, rcond=None)[0]))
    return _labelled(states, pca, basis, speeds / (2 * np.pi * time_step(states)), r2)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


def _skew(x: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The skew-symmetric M that minimises |change - x M'|^2, (n, n)."""
    from scipy.linalg import solve_sylvester

    gram, mixed = x.T @ x, change.T @ x
    solved = solve_sylvester(gram, gram, mixed - mixed.T)
    return (solved - solved.T) / 2


def _planes(skew: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal rows, two a plane, fastest plane first, and the speed of each; the first of the two has most of the plane's variance."""
    from scipy.linalg import schur

    blocks, vectors = schur(skew, output="real")
    speed = np.abs(np.diag(blocks, 1))
    firsts = [k for k in np.argsort(speed)[::-1] if speed[k] > 1e-12 * speed.max(initial=0)]  # of 2 x 2 blocks; what is left does not turn
    still = sorted(set(range(len(skew))) - {i for k in firsts for i in (k, k + 1)})
    pairs = [(k, k + 1) for k in firsts] + list(zip(still[::2], still[1::2], strict=True))
    rows = np.concatenate([_oriented(vectors[:, pair].T, skew, x) for pair in pairs])
    return rows, np.array([speed[i] if i in firsts else 0.0 for i, _ in pairs])


def _oriented(pair: np.ndarray, skew: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A plane's two rows: most variance along the first, its largest entry positive, and turning counter-clockwise."""
    inside = x @ pair.T
    pair = np.linalg.eigh(inside.T @ inside)[1][:, ::-1].T @ pair
    pair = pair * np.sign(pair[0, np.abs(pair[0]).argmax()])
    return pair * np.array([[1.0], [-1.0 if pair[1] @ skew @ pair[0] < 0 else 1.0]])


def _r2(change: np.ndarray, fitted: np.ndarray) -> float:
    whole_ = float((change**2).sum())
    return 1 - float(((change - fitted) ** 2).sum()) / whole_ if whole_ else 0.0


def _labelled(
    states: xarray.DataArray, pca: xarray.Dataset, basis: np.ndarray, frequency: np.ndarray, r2: tuple[float, float]
) -> xarray.Dataset:
    import xarray

    component = pca["component"].values @ basis.T
    variance = (component**2).mean(axis=(0, 1)).reshape(-1, 2).sum(axis=1)
    total = (pca["component"].values ** 2).mean(axis=(0, 1)).sum() / float(pca["explained"].sum())
    variables = {
        "component": (("time", "trial", "component"), component, {"units": "1"}),
        "loadings": (("component", "unit"), basis @ pca["loadings"].values, {"units": "1"}),
        "frequency": ("plane", frequency, {"units": "Hz" if "time" in states.coords else "1/step"}),
        "explained": ("plane", variance / total, {"units": "1"}),
        "r2_skew": ((), r2[0], {"units": "1"}),
        "r2_any": ((), r2[1], {"units": "1"}),
    }
    return xarray.Dataset(variables, states.coords)
