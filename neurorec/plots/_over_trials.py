"""A column of the log over trials: the median over seeds, and the quartiles around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import GREY
from neurorec.plots._runs import column
from neurorec.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PER_DECADE = 20  # windows in every tenfold of trials: fine enough for a bend, long enough to average single trials


def edges(n_trials: int) -> np.ndarray:
    """First trial of each window, counted from 1, and the trial after the last: single trials at first, then longer and longer."""
    count = int(np.ceil(PER_DECADE * np.log10(n_trials + 1))) + 1
    return np.unique(np.round(np.geomspace(1, n_trials + 1, count)).astype(int))


def smoothed(runs: list[Run], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Means of a column over windows of trials.

    Trials that not all of the runs have done are left out, and so are those where nothing was measured (NaN).

    Returns
    -------
    (W,) array
        Geometric middle of each window, in trials counted from 1.
    (R, W) array
        Mean of each run in each window.
    """
    each = [column(run, name) for run in runs]
    values = np.stack([values[: min(map(len, each))] for values in each])
    bounds, measured = edges(values.shape[1]), np.isfinite(values)
    counts = np.add.reduceat(measured, bounds[:-1] - 1, axis=1, dtype=float)
    sums = np.add.reduceat(np.where(measured, values, 0), bounds[:-1] - 1, axis=1)
    complete = counts.all(axis=0)
    middle = np.sqrt(bounds[:-1] * (bounds[1:] - 1.0))
    return middle[complete], sums[:, complete] / counts[:, complete]


def draw(ax: Axes, trials: np.ndarray, values: np.ndarray, label: str | None) -> None:
    """Median and quartiles over the runs, in the next colour of the axes; of a single run just its line.

    Parameters
    ----------
    ax : Axes
    trials, values : (W,) and (R, W) array
        From `smoothed`.
    label : str, optional
        For the legend.
    """
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    (line,) = ax.plot(trials, median, label=label)
    if len(values) > 1:
        ax.fill_between(trials, low, high, color=line.get_color(), alpha=0.25, linewidth=0)
    ax.set_xscale("log")
    ax.set_xlabel("trial")
    if label is not None:
        ax.legend()


def reference(ax: Axes, height: float) -> None:
    """A thin grey line to compare with, once on the same axes."""
    if not any(line.get_gid() == "reference" for line in ax.lines):
        ax.axhline(height, color=GREY, linewidth=0.7, linestyle="--", zorder=0, gid="reference")
