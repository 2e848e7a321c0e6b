"""The angle of a local rule's change to the gradient against the alignment of readout and feedback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.errors import UnknownName
from neurorec.plots._look import GREY, axes, look
from neurorec.plots._over_trials import reference
from neurorec.plots._runs import tables as listed

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def angle_by_alignment(
    alignment: xarray.Dataset | Sequence[xarray.Dataset], weight: str = "recurrent", ax: Axes | None = None, label: str | None = None
) -> Axes:
    """Angle between a rule's change and the gradient against the alignment, a point for each checkpoint of each run.

    The theory of Murray (2019), Eq 40, puts the points below 90 degrees right of zero, and above it left of zero, on average.

    Parameters
    ----------
    alignment : Dataset, or sequence of those
        From `nr.dynamics.alignment`.
    weight : str
        One of their weights.
    ax : Axes, optional
        None: a new figure.
    label : str, optional
        For the legend.

    Returns
    -------
    Axes

    Raises
    ------
    UnknownName
        If the rule changes no such weight.

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> table = nr.dynamics.alignment(run, trials=2)
    >>> ax = nr.plots.angle_by_alignment(table)
    """
    several = listed(alignment)
    for table in several:
        if weight not in table["weight"].values:
            raise UnknownName.among("weight", weight, [str(name) for name in table["weight"].values])
    x, y = (
        np.concatenate(each) for each in zip(*[(t["cosine"].values, t["angle"].sel(weight=weight).values) for t in several], strict=True)
    )
    with look():
        ax = axes(ax)
        reference(ax, 90.0)
        if not any(line.get_gid() == "none" for line in ax.lines):
            ax.axvline(0.0, color=GREY, linewidth=0.7, linestyle="--", zorder=0, gid="none")
        ax.plot(x, y, "o", markersize=2.5, alpha=0.6, label=label)
        ax.set_xlabel("feedback alignment (cosine)")
        ax.set_ylabel("angle to the gradient (degrees)")
        if label is not None:
            ax.legend()
    return ax
