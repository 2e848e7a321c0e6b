"""A bifurcation diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import COLOURS, COLUMN, axes, look
from neurorec.plots._runs import tables

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

MARKS = {"fold": "o", "branch point": "s", "flip": "^", "neimark-sacker": "D"}


def branch(continuation: xarray.Dataset | Sequence[xarray.Dataset], unit: int | None = None, ax: Axes | None = None) -> Axes:
    """Fixed points along the input: solid where they are stable, dashed where not, and what happens where that changes.

    Parameters
    ----------
    continuation : Dataset, or sequence of those
        Branches from `nr.dynamics.continuation`.
    unit : int, optional
        Of the state, on the vertical axis. None: the first output of a network; the first number of a function's state.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import numpy as np
    >>> import neurorec as nr
    >>> found = nr.dynamics.continuation(lambda x, p: np.tanh(2 * x + p), [-0.98], (-1.0, 1.0))
    >>> ax = nr.plots.branch(found)
    """
    several, named = tables(continuation), set()
    with look():
        ax = axes(ax, COLUMN, 2.7)
        for each in several:
            x, y, stable = each["input"].values[:, 0], _height(each, unit), each["stable"].values
            for solid in (True, False):
                label = "stable" if solid else "unstable"
                style = "-" if solid else (0, (4, 2))
                ax.plot(
                    x,
                    np.where(_reaching(stable == solid), y, np.nan),
                    linestyle=style,
                    color=COLOURS[0 if solid else 1],
                    label=_once(label, named),
                )
            for kind in np.unique(each["bifurcation"].values[each["bifurcation"].values != ""]):
                at = each["bifurcation"].values == kind
                ax.plot(x[at], y[at], linestyle="none", marker=MARKS[str(kind)], color="black", markersize=4, label=_once(str(kind), named))
        ax.set_xlabel("input" if several[0].sizes["channel"] == 1 else "input of channel 0")
        ax.set_ylabel(_label(several[0], unit))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _height(table: xarray.Dataset, unit: int | None) -> np.ndarray:
    if unit is not None or "readout" not in table:
        return table["state"].values[:, unit or 0]
    return table["readout"].values[:, 0]


def _label(table: xarray.Dataset, unit: int | None) -> str:
    return "output" if unit is None and "readout" in table else f"state of unit {unit or 0}"


def _reaching(of: np.ndarray) -> np.ndarray:
    """With the point before each stretch, so that no gap is left between two."""
    longer = of.copy()
    longer[:-1] |= of[1:]
    return longer


def _once(label: str, named: set[str]) -> str | None:
    """A label for the legend, the first time."""
    if label in named:
        return None
    named.add(label)
    return label
