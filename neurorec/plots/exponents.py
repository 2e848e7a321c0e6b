"""A Lyapunov spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import COLUMN, axes, look
from neurorec.plots._over_trials import reference
from neurorec.plots._runs import tables

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def exponents(lyapunov: xarray.Dataset | Sequence[xarray.Dataset], label: str | None = None, ax: Axes | None = None) -> Axes:
    """Lyapunov exponents, largest first: those of one network with their standard errors, or median and quartiles of several.

    Parameters
    ----------
    lyapunov : Dataset, or sequence of those
        From `nr.dynamics.lyapunov`.
    label : str, optional
        For a legend.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import neurorec as nr
    >>> spectrum = nr.dynamics.lyapunov(nr.Network.random(0, 6, 1, seed=0), steps=50, transient=20)
    >>> ax = nr.plots.exponents(spectrum)
    """
    several = tables(lyapunov)
    rows = np.concatenate([np.atleast_2d(each["exponent"].values) for each in several])
    number = np.arange(1, rows.shape[1] + 1)
    with look():
        ax = axes(ax, COLUMN, 2.5)
        reference(ax, 0.0)
        if len(rows) == 1:
            ax.errorbar(number, rows[0], np.atleast_2d(several[0]["error"].values)[0], fmt="o", markersize=3, linewidth=1, label=label)
        else:
            low, median, high = np.quantile(rows, (0.25, 0.5, 0.75), axis=0)
            (line,) = ax.plot(number, median, "o-", markersize=3, label=label)
            ax.fill_between(number, low, high, color=line.get_color(), alpha=0.25, linewidth=0)
        ax.set_xlabel("number")
        ax.set_ylabel("Lyapunov exponent (1/s)")
        if label is not None:
            ax.legend()
    return ax
