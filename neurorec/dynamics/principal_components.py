"""Principal components of the units' states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._states import flat, states_of
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    import xarray


def principal_components(what: Any, n: int = 3, state: str | Sequence[str] | None = None) -> xarray.Dataset:
    """Principal components of the units' states, over all times and trials.

    Parameters
    ----------
    what : Trajectories, Run, DataArray or (time, trial, unit) array
        From `nr.simulate`, a run that recorded the state, or states of your own.
    n : int
        How many components, the largest first.
    state : str or sequence of str, optional
        Which state of the cell, or several, one after another. None: the first, which other units see.

    Returns
    -------
    xarray.Dataset
        - ``component`` (time, trial, component): projections of the states, less their mean over time and trials.
        - ``loadings`` (component, unit): orthonormal directions; the entry of largest size of each is positive.
        - ``explained`` (component): share of the variance of all units.
        - ``mean`` (unit): mean over time and trials.

        Times and conditions are coordinates, as in `Trajectories.to_xarray`.

    Raises
    ------
    ValueRefused
        If `n` is larger than there are units or samples, or the states are constant.
    UnknownName
        If the run did not record the state.

    Examples
    --------
    >>> import neurorec as nr
    >>> components = nr.dynamics.principal_components(nr.open_run("run.h5"), n=2)
    >>> components["component"].dims
    ('time', 'trial', 'component')
    """
    states = states_of(what, state)
    samples = flat(states)
    _expect_variance(samples, whole("n", n))
    return _labelled(states, *_pca(samples, n))


def _expect_variance(samples: np.ndarray, n: int) -> None:
    if n > min(samples.shape):
        raise ValueRefused(
            f"n is {n}, but {samples.shape[0]} samples of {samples.shape[1]} units have at most {min(samples.shape)} components"
        )
    if not np.ptp(samples, axis=0).any():
        raise ValueRefused("the states stand still, so they have no principal components; look at trials in which the units move")


def _pca(samples: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    from sklearn.decomposition import PCA

    pca = PCA(n, svd_solver="full").fit(samples)
    largest = np.abs(pca.components_).argmax(axis=1)
    signs = np.sign(pca.components_[np.arange(n), largest])  # a component's sign is arbitrary
    return pca.transform(samples) * signs, pca.components_ * signs[:, None], pca.explained_variance_ratio_, pca.mean_


def _labelled(
    states: xarray.DataArray, component: np.ndarray, loadings: np.ndarray, explained: np.ndarray, mean: np.ndarray
) -> xarray.Dataset:
    import xarray

    sizes = (states.sizes["time"], states.sizes["trial"], len(explained))
    variables = {
        "component": (("time", "trial", "component"), component.reshape(sizes), {"units": "1"}),
        "loadings": (("component", "unit"), loadings, {"units": "1"}),
        "explained": ("component", explained, {"units": "1", "long_name": "share of the variance"}),
        "mean": ("unit", mean, {"units": "1"}),
    }
    return xarray.Dataset(variables, states.coords)
