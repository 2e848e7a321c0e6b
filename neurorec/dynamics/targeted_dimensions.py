"""Targeted dimensionality reduction: axes along which the units' states encode each variable of the task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import whole
from neurorec.dynamics._states import conditions_of, states_of, times_of
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    import xarray


def targeted_dimensions(
    activity: Any, by: str | Sequence[str] | None = None, denoise: int | None = 12, state: str | Sequence[str] | None = None
) -> xarray.Dataset:
    """Axes that encode the variables of a task, by regression of each unit at each time (targeted dimensionality reduction).

    x_i(t, trial) = sum_v beta_vi(t) v(trial) + beta_0i(t), by least squares; of each variable the vector beta_v(t) is taken where it is
    longest, after a projection on the leading principal components of the states; the vectors are made orthogonal in the order of the
    variables, so that each axis holds what those before it do not explain.

    Parameters
    ----------
    activity : Trajectories, Run, DataArray or (time, trial, unit) array
    by : str or sequence of str, optional
        Conditions that are numbers, or have two values (-1 and 1 stand for those). None: all there are.
    denoise : int, optional
        Principal components that are kept. None: all.
    state : str or sequence of str, optional
        Of a cell with several. None: the first.

    Returns
    -------
    xarray.Dataset
        - ``component`` (time, trial, regressor): states, less their mean over trials and times, along the axes.
        - ``axis`` (regressor, unit): orthonormal.
        - ``coefficient`` (time, regressor, unit): beta, per unit of the variable.
        - ``peak`` (regressor): time in s at which beta is longest.
        - ``explained`` (time, unit): share of the variance over trials that the regression explains.

    Raises
    ------
    ValueRefused
        If the variables cannot be told apart, because one follows from the others.

    References
    ----------
    Mante et al. (2013), doi:10.1038/nature12742, supplement 6.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("context_integration", dt=0.05)
    >>> shown = nr.simulate(nr.Network.for_task(task, units=8), task, n=40)
    >>> axes = nr.dynamics.targeted_dimensions(shown, by=["choice", "motion", "colour"])
    >>> axes["axis"].dims
    ('regressor', 'unit')
    """
    states = states_of(activity, state)
    names = conditions_of(states, by)
    design = np.stack([_numbers(states, name) for name in names] + [np.ones(states.sizes["trial"])], axis=1)
    _expect_apart(design, names)
    x = states.values.astype(np.float64)
    beta = np.einsum("vb,tbn->tvn", np.linalg.pinv(design), x)
    explained = _explained(x, np.einsum("bv,tvn->tbn", design, beta))
    coefficient = beta[:, :-1]
    centred = x - x.mean(axis=(0, 1))
    projected = coefficient @ _projection(centred, denoise)
    peak = np.linalg.norm(projected, axis=2).argmax(axis=0)
    axis = _orthogonal(projected[peak, np.arange(len(names))])
    return _labelled(states, names, centred @ axis.T, axis, coefficient, peak, explained)


def _numbers(states: xarray.DataArray, name: str) -> np.ndarray:
    """A variable's value in each trial; of two words -1 and 1."""
    values = states[name].values
    different = np.unique(values)
    if values.dtype.kind in "iuf":
        return values.astype(np.float64)
    if len(different) != 2:
        raise ValueRefused(f"condition {name!r} is {values.dtype} with {len(different)} values; expected numbers, or two different values")
    return np.where(values == different[1], 1.0, -1.0)


def _expect_apart(design: np.ndarray, names: list[str]) -> None:
    if (rank := np.linalg.matrix_rank(design)) < design.shape[1]:
        raise ValueRefused(
            f"{', '.join(names)} and a constant are {design.shape[1]} variables with {rank} of them independent in {len(design)} trials; "
            "name fewer, or simulate more trials"
        )


def _explained(x: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    whole_, left = x.var(axis=1), ((x - fitted) ** 2).mean(axis=1)
    return np.where(whole_ > 0, 1 - left / np.where(whole_ > 0, whole_, 1), 0.0)


def _projection(centred: np.ndarray, denoise: int | None) -> np.ndarray:
    """On the leading principal components, (N, N)."""
    units = centred.shape[2]
    if denoise is None or whole("denoise", denoise) >= units:
        return np.eye(units)
    flat = centred.reshape(-1, units)
    vectors = np.linalg.eigh(flat.T @ flat)[1][:, -denoise:]
    return vectors @ vectors.T


def _orthogonal(vectors: np.ndarray) -> np.ndarray:
    """Gram-Schmidt in the order of the rows, each along its own vector."""
    q, r = np.linalg.qr(vectors.T)
    return (q * np.where(np.diag(r) < 0, -1.0, 1.0)).T


def _labelled(
    states: xarray.DataArray, names: list[str], component: np.ndarray, axis: np.ndarray, coefficient: np.ndarray, peak: np.ndarray, explained: np.ndarray
) -> xarray.Dataset:  # fmt: skip
    import xarray

    times = times_of(states).get("time", np.arange(states.sizes["time"]))
    known = "time" in states.coords
    variables = {
        "component": (("time", "trial", "regressor"), component, {"units": "1"}),
        "axis": (("regressor", "unit"), axis, {"units": "1"}),
        "coefficient": (("time", "regressor", "unit"), coefficient, {"units": "1"}),
        "peak": ("regressor", np.asarray(times)[peak], {"units": "s" if known else "steps"}),
        "explained": (("time", "unit"), explained, {"units": "1", "long_name": "share of the variance over trials"}),
    }
    return xarray.Dataset(variables, {**states.coords, "regressor": names})
