"""Similarity of two representations by centred kernel alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.dynamics._states import paired
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    import xarray


def cka(a: Any, b: Any) -> xarray.DataArray:
    """Centred kernel alignment with linear kernels: \\|B' A\\|^2 / (\\|A' A\\| \\|B' B\\|) of centred states.

    1 where one is the other rotated, mirrored and scaled, 0 where their samples have nothing to do with each other. It is biased upwards where
    there are few samples for the number of units.

    Parameters
    ----------
    a, b : Trajectories, Run, DataArray, (time, trial, unit) or (samples, units) array
        In the same trials; they may have different numbers of units.

    Returns
    -------
    xarray.DataArray
        A number from 0 to 1.

    Raises
    ------
    ShapeError, ValueRefused
        If they have different numbers of samples, or one stands still.

    References
    ----------
    Kornblith et al. (2019), arXiv:1905.00414.

    Examples
    --------
    >>> import neurorec as nr
    >>> shown = [nr.simulate(nr.Network.random(3, 10, 3, seed=seed), "n_bit_flip_flop", n=3) for seed in (0, 1)]
    >>> 0 < float(nr.dynamics.cka(*shown)) < 1
    True
    """
    import xarray

    x, y = paired(a, b)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    own = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    if own == 0:
        raise ValueRefused("the states of a or b stand still, so there is nothing to compare; look at trials in which the units move")
    return xarray.DataArray(np.linalg.norm(y.T @ x) ** 2 / own, name="cka", attrs={"units": "1"})
