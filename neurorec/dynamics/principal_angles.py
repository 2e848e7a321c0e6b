"""Angles between the subspaces in which two sets of states lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._states import samples_of
from neurorec.errors import ShapeError, ValueRefused

if TYPE_CHECKING:
    import xarray


def principal_angles(a: Any, b: Any, n: int = 3) -> xarray.Dataset:
    """Principal angles between the subspaces of the leading principal components of two sets of states of the same units.

    Parameters
    ----------
    a, b : Trajectories, Run, DataArray, (time, trial, unit) or (samples, units) array
        Of the same units: two epochs or tasks of a network, or two moments of its training. They need not be the same trials.
    n : int
        Dimension of both subspaces.

    Returns
    -------
    xarray.Dataset
        - ``angle`` (number) in degrees, smallest first: 0 where the subspaces share a direction, 90 where one is orthogonal to the other.
        - ``alignment``: the variance of b within the subspace of a, as a share of what n dimensions can hold of it (Elsayed et al. 2016); 1
          where they are the same, n / N on average where the subspace of a is random.

    Raises
    ------
    ShapeError, ValueRefused
        If the numbers of units differ, or one has fewer than n dimensions.

    References
    ----------
    Björck and Golub (1973), doi:10.2307/2005662; Elsayed et al. (2016), doi:10.1038/ncomms13239.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(3, 10, 3, seed=0)
    >>> early, late = (nr.simulate(net, "n_bit_flip_flop", n=3, seed=seed) for seed in (0, 1))
    >>> angles = nr.dynamics.principal_angles(early, late, n=2)
    >>> angles["angle"].sizes["number"]
    2
    """
    import xarray
    from scipy.linalg import subspace_angles

    x, y = samples_of("a", a), samples_of("b", b)
    if x.shape[1] != y.shape[1]:
        raise ShapeError(f"a has {x.shape[1]} units, b {y.shape[1]}; angles are between subspaces of one space, of the same units")
    (first, _), (second, variances) = (_subspace(name, each, whole("n", n)) for name, each in (("a", x), ("b", y)))
    shared = np.linalg.norm((y - y.mean(axis=0)) @ first) ** 2 / len(y)
    variables = {
        "angle": ("number", np.degrees(subspace_angles(first, second))[::-1], {"units": "degrees"}),
        "alignment": ((), shared / variances.sum(), {"units": "1"}),
    }
    return xarray.Dataset(variables)


def _subspace(name: str, x: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal columns (units, n) of largest variance, and their variances."""
    _, sizes, directions = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    if n > (rank := int((sizes > 1e-12 * max(sizes[0], 1e-300)).sum())):
        raise ValueRefused(f"n is {n}, but the states of {name} vary in {rank} dimensions only; choose a smaller n")
    return directions[:n].T, sizes[:n] ** 2 / len(x)
