"""Where states go, on a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import COLOURS, COLUMN, GREY, axes, look
from neurorec.plots._runs import single
from neurorec.plots._stability import LOOKS

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def flow(flow_field: xarray.Dataset | Sequence[xarray.Dataset], points: xarray.Dataset | None = None, ax: Axes | None = None) -> Axes:
    """Lines along the velocity on a plane, thicker where it is fast, and the lines on which one component of it is zero.

    Parameters
    ----------
    flow_field : Dataset, or sequence of one
        From `nr.dynamics.flow_field`.
    points : Dataset, optional
        Fixed points of the same system, from `nr.dynamics.fixed_points`, projected on the plane.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(0, 2, 1, gain=2.0, seed=0)
    >>> field = nr.dynamics.flow_field(net, units=[0, 1])
    >>> ax = nr.plots.flow(field, nr.dynamics.fixed_points(net))
    """
    field = single(flow_field)
    x, y = field["horizontal"].values, field["vertical"].values
    u, v = np.moveaxis(field["velocity"].values, -1, 0)
    speed = np.hypot(u, v)
    with look():
        ax = axes(ax, 1.5 * COLUMN, 3.0)
        ax.streamplot(x, y, u, v, color=GREY, density=0.9, arrowsize=0.6, linewidth=0.3 + 1.2 * speed / max(speed.max(), 1e-300))
        for number, (component, name) in enumerate(((u, "horizontal"), (v, "vertical"))):
            if component.min() < 0 < component.max():
                ax.contour(x, y, component, [0.0], colors=[COLOURS[number]], linewidths=1.0)
                ax.plot([], [], color=COLOURS[number], linewidth=1.0, label=f"no {name} velocity")
        if points is not None:
            _draw_points(ax, field, points)
        ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
        ax.set_xlabel(field["horizontal"].attrs["long_name"])
        ax.set_ylabel(field["vertical"].attrs["long_name"])
        ax.set_title(_title(field, speed), fontsize=7, loc="left")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _title(field: xarray.Dataset, speed: np.ndarray) -> str:
    leaving = field["leaving"].values
    share = np.median(leaving / np.maximum(np.hypot(leaving, speed), 1e-300))
    return field.attrs["plane"] + (f";\n{share:.0%} of the velocity leaves the plane (median)" if share > 1e-9 else "")


def _draw_points(ax: Axes, field: xarray.Dataset, points: xarray.Dataset) -> None:
    places = (points["state"].values - field["origin"].values) @ field["axis"].values.T
    for kind, style in LOOKS.items():
        if (there := points["stability"].values == kind).any():
            ax.plot(*places[there].T, linestyle="none", markersize=5, label=f"{kind} point", zorder=3, **style)
