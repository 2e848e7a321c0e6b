"""Psychometric functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import COLOURS, COLUMN, axes, look

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def choices(psychometric: xarray.Dataset, ax: Axes | None = None) -> Axes:
    """Share of positive choices by a condition, with standard errors, and the logistic curve of each group.

    Parameters
    ----------
    psychometric : Dataset
        From `nr.dynamics.psychometric`.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("context_integration", dt=0.05)
    >>> shown = nr.simulate(nr.Network.for_task(task, units=8), task, n=40)
    >>> ax = nr.plots.choices(nr.dynamics.psychometric(shown, "motion", by="context"))
    """
    condition, group = map(str, psychometric["choice"].dims)
    x = psychometric[condition].values
    fine = np.linspace(x.min(), x.max(), 200)
    with look():
        ax = axes(ax, COLUMN, 2.5)
        for number in range(psychometric.sizes[group]):
            each, colour = psychometric.isel({group: number}), COLOURS[number % len(COLOURS)]
            share, count = each["choice"].values, np.maximum(each["count"].values, 1)
            label = None if group == "group" else f"{group} {each[group].values}"
            ax.errorbar(x, share, np.sqrt(share * (1 - share) / count), fmt="o", markersize=3, linewidth=1, color=colour, label=label)
            ax.plot(fine, 1 / (1 + np.exp(-(float(each["bias"]) + float(each["slope"]) * fine))), color=colour, linewidth=1)
        ax.set(ylim=(-0.03, 1.03))
        ax.set_xlabel(condition)
        ax.set_ylabel("share of positive choices")
        if group != "group":
            ax.legend()
    return ax
