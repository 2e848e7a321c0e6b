"""Choices by the strength of a stimulus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import real_array
from neurorec.dynamics._behaviour import groups_of, outputs_of
from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    import xarray

PRIOR = 10.0  # standard deviation of a slope, per standard deviation of the condition: finite also where no choice is wrong


def psychometric(trajectories: Any, condition: Any, by: Any = None, channel: int = 0, choice: Any = None) -> xarray.Dataset:
    """Psychometric functions: share of positive choices at each value of a condition, and the logistic curve through the trials.

    Parameters
    ----------
    trajectories : Trajectories or Run
        Of a run, the trials whose outputs it recorded, learning and all.
    condition : str or (B,) array_like
        A condition that is a number, such as a signed coherence.
    by : str or (B,) array_like, optional
        Another condition, of whose values each has its own function.
    channel : int
        The output whose sign at the end of the trial is the choice.
    choice : (B,) array_like of bool, optional
        The choices, where they are something else.

    Returns
    -------
    xarray.Dataset
        The dimensions are called as the conditions are; without `by` the second is ``group``.

        - ``choice`` (<condition>, <by>): share of positive choices, NaN where there was no trial; ``count``: trials.
        - ``slope``, ``bias`` (<by>): log-odds of a positive choice are bias + slope x, by maximum likelihood under a normal prior of the slope that
          is wide (10 per standard deviation of x) and keeps it finite; NaN where all choices were the same.

    Raises
    ------
    ShapeError, ValueRefused, UnknownName
        If the condition is no number, or has hundreds of values.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("context_integration", dt=0.05)
    >>> shown = nr.simulate(nr.Network.for_task(task, units=8), task, n=40)
    >>> curves = nr.dynamics.psychometric(shown, "motion", by="context")
    >>> curves["choice"].dims
    ('motion', 'context')
    """
    import xarray

    outputs = outputs_of(trajectories, channel)
    (x_name, x, x_of), (by_name, groups, group_of) = groups_of(outputs, "condition", condition), groups_of(outputs, "by", by)
    if x.dtype.kind not in "iuf":
        raise ValueRefused(f"{x_name} has values like {x[0]!r}; a psychometric function is of a number")
    chosen = (outputs.values[-1] > 0) if choice is None else real_array("choice", choice, (outputs.sizes["trial"],)) > 0
    count = np.zeros((len(x), len(groups)), int)
    positive = count.copy()
    np.add.at(count, (x_of, group_of), 1)
    np.add.at(positive, (x_of, group_of), chosen)
    fits = np.array([_logistic(x[x_of[group_of == k]].astype(float), chosen[group_of == k]) for k in range(len(groups))])
    with np.errstate(invalid="ignore"):
        share = positive / count
    variables = {
        "choice": ((x_name, by_name), share, {"units": "1", "long_name": "share of positive choices"}),
        "count": ((x_name, by_name), count, {"units": "1"}),
        "slope": (by_name, fits[:, 1], {"units": "1", "long_name": f"log-odds per unit of {x_name}"}),
        "bias": (by_name, fits[:, 0], {"units": "1"}),
    }
    return xarray.Dataset(variables, {x_name: x, by_name: groups})


def _logistic(x: np.ndarray, chosen: np.ndarray) -> tuple[float, float]:
    """Bias and slope."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(chosen)) < 2 or not (spread := x.std()):
        return np.nan, np.nan
    fit = LogisticRegression(C=PRIOR**2, solver="newton-cholesky", tol=1e-8).fit(x[:, None] / spread, chosen)
    return float(fit.intercept_[0]), float(fit.coef_[0, 0] / spread)
