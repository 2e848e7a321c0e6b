"""Growth of the alignment of readout and feedback along a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import axes, look
from neurorec.plots._over_trials import reference
from neurorec.plots._runs import tables as listed

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

LABELS = {"alone": "by the readout's change", "together": "by both changes, G"}
LINEAR = 1e-3  # the vertical axis is linear up to it, logarithmic beyond


def growth(alignment: xarray.Dataset | Sequence[xarray.Dataset], ax: Axes | None = None) -> Axes:
    """Growth of Tr(readout feedback) along a training: median and quartiles over runs.

    By the readout's change with the recurrent weights as they are, per unit rate; and G of Murray (2019), Eq 42: what a change of
    the recurrent weights before adds to that, per unit rate of both. The theory says that G is positive on average.

    Parameters
    ----------
    alignment : Dataset, or sequence of those
        From `nr.dynamics.alignment`, with the same checkpoints.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> table = nr.dynamics.alignment(run, trials=2)
    >>> ax = nr.plots.growth(table)
    """
    several = listed(alignment)
    with look():
        ax = axes(ax)
        reference(ax, 0.0)
        for name, label in LABELS.items():
            low, median, high = np.quantile([table[name].values for table in several], (0.25, 0.5, 0.75), axis=0)
            (line,) = ax.plot(several[0]["trial"].values, median, label=label)
            ax.fill_between(several[0]["trial"].values, low, high, color=line.get_color(), alpha=0.25, linewidth=0)
        ax.set_yscale("symlog", linthresh=LINEAR)
        ax.set_xlabel("trial")
        ax.set_ylabel("growth of the trace (per unit rate)")
        ax.legend()
    return ax
