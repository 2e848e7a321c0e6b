"""Reaction times by the strength of a stimulus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import number, positive
from neurorec.dynamics._behaviour import groups_of, outputs_of

if TYPE_CHECKING:
    import xarray


def chronometric(
    trajectories: Any, condition: Any, threshold: float, by: Any = None, onset: float = 0.0, channel: int = 0
) -> xarray.Dataset:
    """Chronometric functions: time from an onset until an output first reaches a threshold, of either sign, at each value of a condition.

    Parameters
    ----------
    trajectories : Trajectories or Run
    condition : str or (B,) array_like
        Of the trials.
    threshold : float
        Size of the output that counts as an answer.
    by : str or (B,) array_like, optional
        Another condition, of whose values each has its own function.
    onset : float
        Seconds from the start of a trial; what the output did before is not looked at.
    channel : int
        Which output.

    Returns
    -------
    xarray.Dataset
        - ``time`` (<condition>, <by>): mean over the trials that answered, in s; ``spread``: their standard deviation. NaN where none did.
        - ``missed`` (<condition>, <by>): share of trials without an answer; ``count``: all trials.

    Raises
    ------
    ShapeError, ValueRefused, UnknownName
        If there is no such condition, or the threshold is not positive.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("context_integration", dt=0.05)
    >>> shown = nr.simulate(nr.Network.for_task(task, units=8), task, n=40)
    >>> times = nr.dynamics.chronometric(shown, "motion", threshold=0.01, onset=task.before)
    >>> times["time"].dims
    ('motion', 'group')
    """
    import xarray

    outputs = outputs_of(trajectories, channel)
    (x_name, x, x_of), (by_name, groups, group_of) = groups_of(outputs, "condition", condition), groups_of(outputs, "by", by)
    times = _first(outputs, positive("threshold", threshold), number("onset", onset, 0))
    over, cells = (x_name, by_name), (len(x), len(groups))
    found = np.full((4, *cells), np.nan)
    for cell in np.ndindex(cells):
        own = times[(x_of == cell[0]) & (group_of == cell[1])]
        answered = own[np.isfinite(own)]
        found[3][cell] = len(own)
        if len(own):
            found[2][cell] = 1 - len(answered) / len(own)
        if len(answered):
            found[0][cell], found[1][cell] = answered.mean(), answered.std()
    variables = {
        "time": (over, found[0], {"units": "s"}),
        "spread": (over, found[1], {"units": "s"}),
        "missed": (over, found[2], {"units": "1"}),
        "count": (over, found[3].astype(int), {"units": "1"}),
    }
    return xarray.Dataset(variables, {x_name: x, by_name: groups})


def _first(outputs: xarray.DataArray, threshold: float, onset: float) -> np.ndarray:
    """Seconds from the onset to the end of the first step at which each trial's output is that large; NaN where it never is."""
    late = outputs["time"].values > onset + 1e-9
    reached = (np.abs(outputs.values) >= threshold) & late[:, None]
    return np.where(reached.any(axis=0), outputs["time"].values[reached.argmax(axis=0)] - onset, np.nan)
