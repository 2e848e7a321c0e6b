"""Which fixed points the unstable directions of others lead to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import COLUMN, GREY, axes, look
from neurorec.plots._runs import single
from neurorec.plots._stability import LOOKS

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

SLANT = (0.35, 0.22)  # of the third axis, drawn towards the upper right, as a cube is by hand
NOWHERE = -1


def attractor_graph(
    connections: xarray.Dataset | Sequence[xarray.Dataset], points: xarray.Dataset | None = None, ax: Axes | None = None
) -> Axes:
    """Fixed points as nodes, and an arrow from each to where the system goes when it leaves along an unstable direction.

    Parameters
    ----------
    connections : Dataset, or sequence of one
        From `nr.dynamics.connections`: ``source`` and ``target`` (way), numbers of points, -1 where none was reached; and ``ends_in`` (way), of which
        only ways that end in a ``"point"`` are drawn. Without it all are.
    points : Dataset, optional
        The fixed points, from `nr.dynamics.fixed_points`. Nodes lie where their first three principal components are, the third drawn
        obliquely, and look as their stability. None: those that the connections come with; without any, nodes are on a circle.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import numpy as np
    >>> import xarray
    >>> import neurorec as nr
    >>> points = nr.dynamics.fixed_points(lambda x: np.tanh(2 * x), size=1)
    >>> found = xarray.Dataset({"source": ("way", [1, 1]), "target": ("way", [0, 2])})
    >>> ax = nr.plots.attractor_graph(found, points)
    """
    found = single(connections)
    points = found if points is None and "state" in found else points
    pairs = _pairs(found)
    count = points.sizes["point"] if points is not None else int(pairs.max(initial=-1)) + 1
    places = _circle(count) if points is None else _places(points["state"].values)
    with look():
        ax = axes(ax, 1.4 * COLUMN, COLUMN)
        arrows, times = np.unique(pairs[(pairs != NOWHERE).all(axis=1)], axis=0, return_counts=True)
        for (start, end), n in zip(arrows, times, strict=True):
            style = {
                "arrowstyle": "-|>",
                "color": GREY,
                "linewidth": min(0.4 + 0.3 * n, 2),
                "shrinkA": 3,
                "shrinkB": 4,
                "mutation_scale": 6,
            }
            ax.annotate("", tuple(places[end]), tuple(places[start]), arrowprops=style, zorder=1)
        _draw_nodes(ax, places, points)
        if lost := int((pairs[:, 1] == NOWHERE).sum()):
            ax.set_title(f"{lost} of {len(pairs)} ways lead to none of the points", fontsize=7)
        ax.margins(0.1)
        ax.set_aspect("equal")
        ax.set_axis_off()
        if ax.get_legend_handles_labels()[0]:  # there may be no point at all
            ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _pairs(found: xarray.Dataset) -> np.ndarray:
    """Where each way begins and ends, (ways, 2)."""
    ends = found["target"].values.astype(int)
    if "ends_in" in found:
        ends = np.where(found["ends_in"].values == "point", ends, NOWHERE)
    return np.stack([found["source"].values.astype(int), ends], axis=1)


def _draw_nodes(ax: Axes, places: np.ndarray, points: xarray.Dataset | None) -> None:
    if points is None:
        ax.plot(*places.T, "o", color="black", markersize=5)
        return
    kinds = points["stability"].values
    for kind, style in LOOKS.items():
        if (kinds == kind).any():
            ax.plot(*places[kinds == kind].T, linestyle="none", markersize=6, label=f"{kind} point", zorder=3, **style)


def _circle(count: int) -> np.ndarray:
    angles = 2 * np.pi * np.arange(count) / max(count, 1)
    return np.stack([np.sin(angles), np.cos(angles)], axis=1)


def _places(states: np.ndarray) -> np.ndarray:
    """Where three principal components lie on paper, (points, 2)."""
    centred = states - states.mean(axis=0) if len(states) else states
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    space = np.zeros((len(states), 3))
    space[:, : min(3, len(directions))] = centred @ directions[:3].T
    return space[:, :2] + space[:, 2:] * SLANT
