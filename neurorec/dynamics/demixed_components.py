"""Demixed principal components: what of the variance belongs to which condition."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import number, whole
from neurorec.dynamics._states import levels_of, states_of
from neurorec.dynamics.condition_averages import condition_averages
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    import xarray


def demixed_components(
    activity: Any, by: str | Sequence[str] | None = None, n: int = 3, state: str | Sequence[str] | None = None, *, ridge: float = 0.0
) -> xarray.Dataset:
    """Directions that separate what depends on each condition, and on time alone (demixed PCA).

    The condition averages are a sum of marginalisations X = X_time + X_a + X_b + X_ab, each with its course over time. Of each,
    min \\|X_m - F D X\\|^2 over decoders D (n, N) and encoders F (N, n) is solved in closed form, as a regression of reduced rank. The trials'
    spread about their averages counts as noise of X.

    Parameters
    ----------
    activity : Trajectories, Run, DataArray or (time, trial, unit) array
    by : str or sequence of str, optional
        Conditions. Every combination needs a trial. None: all there are.
    n : int
        Components of each marginalisation.
    state : str or sequence of str, optional
        As for `condition_averages`.
    ridge : float
        Penalty on D, as a share of the variance of a unit.

    Returns
    -------
    xarray.Dataset
        - ``component`` (marginalisation, component, time, <conditions>): D X.
        - ``decoder``, ``encoder`` (marginalisation, component, unit): D and F; those of F are orthonormal, those of D need not be.
        - ``explained`` (marginalisation, component): share of the variance of X that F D X of that component explains.
        - ``share`` (marginalisation): of the variance that each marginalisation has; they sum to 1.
        - ``mean`` (unit): what was subtracted from X.

    Raises
    ------
    ValueRefused
        If a combination of conditions has no trial, or `n` is more than there are units.

    References
    ----------
    Kobak et al. (2016), doi:10.7554/eLife.10989.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("delayed_match_to_sample", dt=0.05, n_stimuli=2)
    >>> shown = nr.simulate(nr.Network.for_task(task, units=8), task, n=40)
    >>> parts = nr.dynamics.demixed_components(shown, by=["sample", "match"], n=1)
    >>> parts["marginalisation"].values.tolist()
    ['time', 'sample', 'match', 'sample x match']
    """
    states = states_of(activity, state)
    averages = condition_averages(states, by)
    _expect_all(averages, whole("n", n))
    names = [str(name) for name in averages["count"].dims]
    means = averages["mean"].transpose("unit", "time", *names)
    centre = means.values.reshape(len(means), -1).mean(axis=1)
    data = means.values - centre.reshape(-1, *[1] * (means.ndim - 1))
    penalty = _noise(states, averages, names) + number("ridge", ridge, 0) * (data**2).sum() / len(data) * np.eye(len(data))
    parts = _marginalisations(data)
    solved = [_reduced_rank(part.reshape(len(data), -1), data.reshape(len(data), -1), penalty, n) for part in parts.values()]
    return _labelled(averages, names, centre, data, parts, solved)


def _expect_all(averages: xarray.Dataset, n: int) -> None:
    if empty := int((averages["count"] == 0).sum()):
        raise ValueRefused(
            f"{empty} of {averages['count'].size} combinations of {', '.join(map(str, averages['count'].dims))} have no trial; "
            "simulate more trials, or name fewer conditions"
        )
    if n > averages.sizes["unit"]:
        raise ValueRefused(f"n is {n}, but {averages.sizes['unit']} units have no more components")


def _noise(states: xarray.DataArray, averages: xarray.Dataset, names: list[str]) -> np.ndarray:
    """Covariance of the trials about their averages, summed over times and combinations, (N, N)."""
    import xarray

    own = averages.isel({name: xarray.DataArray(levels_of(states, name)[1], dims="trial") for name in names})
    apart = (states.astype(float) - own["mean"]).transpose("time", "trial", "unit").values / np.sqrt(own["count"].values)[:, None]
    flat = apart.reshape(-1, apart.shape[2])
    return flat.T @ flat


def _marginalisations(data: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """Parts of (N, T, <conditions>) that depend on each set of conditions and time, and on no fewer; they sum to the whole."""
    axes = range(2, data.ndim)
    kept = list(chain.from_iterable(combinations(axes, size) for size in range(len(axes) + 1)))
    parts: dict[tuple[int, ...], np.ndarray] = {}
    for some in kept:
        mean = data.mean(axis=tuple(axis for axis in axes if axis not in some), keepdims=True)
        inner = sum((part for fewer, part in parts.items() if set(fewer) < set(some)), np.zeros(1))
        parts[some] = mean - inner
    return {some: np.broadcast_to(part, data.shape) for some, part in parts.items()}


def _reduced_rank(part: np.ndarray, data: np.ndarray, penalty: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Encoder (N, n) and decoder (n, N): the regression A of the part on the data, then the n largest directions of what it gives."""
    import scipy.linalg

    gram = data @ data.T + penalty
    regression = part @ data.T @ scipy.linalg.pinvh(gram)
    values, vectors = np.linalg.eigh(regression @ gram @ regression.T)
    encoder = vectors[:, np.argsort(values)[::-1][:n]]
    largest = np.abs(encoder).argmax(axis=0)
    encoder = encoder * np.sign(encoder[largest, np.arange(n)])  # a component's sign is arbitrary
    return encoder, encoder.T @ regression


def _labelled(averages: xarray.Dataset, names: list[str], centre: np.ndarray, data: np.ndarray, parts: Any, solved: Any) -> xarray.Dataset:
    import xarray

    flat = data.reshape(len(data), -1)
    total = (flat**2).sum()
    encoder, decoder = np.array([each[0].T for each in solved]), np.array([each[1] for each in solved])
    shown = decoder @ flat
    left = np.array(
        [[((flat - np.outer(f, d @ flat)) ** 2).sum() for f, d in zip(*each, strict=True)] for each in zip(encoder, decoder, strict=True)]
    )
    over = ("marginalisation", "component")
    variables = {
        "component": ((*over, "time", *names), shown.reshape(*shown.shape[:2], *data.shape[1:]), {"units": "1"}),
        "decoder": ((*over, "unit"), decoder, {"units": "1"}),
        "encoder": ((*over, "unit"), encoder, {"units": "1"}),
        "explained": (over, 1 - left / total, {"units": "1", "long_name": "share of the variance"}),
        "share": ("marginalisation", [(part**2).sum() / total for part in parts.values()], {"units": "1"}),
        "mean": ("unit", centre, {"units": "1"}),
    }
    labels = [" x ".join(names[axis - 2] for axis in some) or "time" for some in parts]
    return xarray.Dataset(variables, {**averages.coords, "marginalisation": labels})
