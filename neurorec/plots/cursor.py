"""The path of a cursor in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.plots._look import COLOURS, COLUMN, GREY, axes, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def cursor(
    paths: np.ndarray | Sequence[np.ndarray],
    asked: np.ndarray | None = None,
    ends: Sequence[int] = (),
    unit: str = "movements",
    ax: Axes | None = None,
    **line: Any,
) -> Axes:
    """Paths in the plane, each from the origin, over the target path.

    Parameters
    ----------
    paths : (T, 2) array, or several
        Positions; the first is drawn on top.
    asked : (T, 2) array, optional
        The target path; drawn wide and grey beneath.
    ends : sequence of int
        Steps at which a movement ends: a dot on the first path, a ring on `asked`.
    unit : str
        Of the positions.
    ax : Axes, optional
        None: a new figure.
    **line
        For the first path, as `matplotlib.axes.Axes.plot` takes them.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("movement_sequence")
    >>> trials = task.trials(1)
    >>> outputs = nr.simulate(nr.Network.for_task(task), trials, engine="reference").outputs
    >>> ax = nr.plots.cursor(task.path(outputs[:, 0]), asked=task.path(trials.targets[:, 0]))
    """
    each = [paths] if isinstance(paths, np.ndarray) and paths.ndim == 2 else list(paths)
    style = {"color": COLOURS[0], "linewidth": 1.6, "zorder": 3} | line
    with look():
        ax = axes(ax, 0.8 * COLUMN, 0.8 * COLUMN)
        if asked is not None:
            ax.plot(*_from_origin(asked), color="#D5D5D5", linewidth=6, solid_capstyle="round", zorder=1, label="target")
            ax.plot(*asked[list(ends)].T, "o", color="white", markeredgecolor=GREY, markersize=7, zorder=2)
        for path in each[1:]:
            ax.plot(*_from_origin(path), color=style["color"], linewidth=0.6, alpha=0.45, zorder=2.5)
        ax.plot(*_from_origin(each[0]), **style)
        ax.plot(*each[0][list(ends)].T, "o", color=style["color"], markersize=3, zorder=4)
        ax.set(aspect="equal", xlabel=f"x ({unit})", ylabel=f"y ({unit})")
    return ax


def _from_origin(path: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros((1, 2)), path]).T
