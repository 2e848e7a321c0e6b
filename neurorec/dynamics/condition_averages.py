"""Mean states of the trials that have the same conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.dynamics._states import conditions_of, levels_of, states_of, times_of

if TYPE_CHECKING:
    import xarray


def condition_averages(activity: Any, by: str | Sequence[str] | None = None, state: str | Sequence[str] | None = None) -> xarray.Dataset:
    """Means over the trials of every combination of conditions: what is called a peri-stimulus time histogram, of rates.

    Parameters
    ----------
    activity : Trajectories, Run, DataArray or (time, trial, unit) array
        Of a run, what it recorded; of an array the conditions are coordinates over ``trial``.
    by : str or sequence of str, optional
        Conditions, each a dimension of the result. None: all there are.
    state : str or sequence of str, optional
        Of a cell with several. None: the first, which other units see.

    Returns
    -------
    xarray.Dataset
        - ``mean`` (time, <conditions>, unit): NaN where there was no such trial.
        - ``spread`` (time, <conditions>, unit): standard deviation between the trials.
        - ``count`` (<conditions>): trials.

    Raises
    ------
    UnknownName, ValueRefused
        If there is no such condition, or it differs in nearly every trial.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("delayed_match_to_sample", dt=0.05, n_stimuli=2)
    >>> net = nr.Network.for_task(task, units=8)
    >>> means = nr.dynamics.condition_averages(nr.simulate(net, task, n=30), by=["sample", "match"])
    >>> means["mean"].dims
    ('time', 'sample', 'match', 'unit')
    """
    import xarray

    states = states_of(activity, state)
    names = conditions_of(states, by)
    levels = {name: levels_of(states, name) for name in names}
    sizes = tuple(len(values) for values, _ in levels.values())
    cell = np.ravel_multi_index([which for _, which in levels.values()], sizes)
    mean, spread, count = _grouped(states.values.astype(np.float64), cell, int(np.prod(sizes)))
    over, shape = ("time", *names, "unit"), (states.sizes["time"], *sizes, states.sizes["unit"])
    variables = {
        "mean": (over, mean.reshape(shape), {"units": "1"}),
        "spread": (over, spread.reshape(shape), {"units": "1"}),
        "count": (tuple(names), count.reshape(sizes), {"units": "1"}),
    }
    labels = {name: each for name, each in states.coords.items() if each.dims == ("unit",)}
    return xarray.Dataset(variables, {**times_of(states), **labels, **{name: values for name, (values, _) in levels.items()}})


def _grouped(states: np.ndarray, cell: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and standard deviation over the trials of each cell, (T, cells, N), and their number."""
    mean = np.full((len(states), cells, states.shape[2]), np.nan)
    spread = mean.copy()
    for k in np.unique(cell):
        mean[:, k], spread[:, k] = states[:, cell == k].mean(axis=1), states[:, cell == k].std(axis=1)
    return mean, spread, np.bincount(cell, minlength=cells)
