"""State space in three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorec.plots._look import COLUMN, look, solid_axes
from neurorec.plots._runs import AnyTrials
from neurorec.plots._space import Space

if TYPE_CHECKING:
    import xarray
    from mpl_toolkits.mplot3d import Axes3D

LABELS = {"labelpad": -6, "fontsize": 8}  # points: matplotlib leaves room for larger text


def state_space_3d(run: AnyTrials, points: xarray.Dataset | None = None, condition: str | None = None, ax: Axes3D | None = None) -> Axes3D:
    """Trajectories on their first three principal components, with fixed points and their unstable modes.

    Parameters
    ----------
    run, points, condition
        As for `state_space`.
    ax : Axes3D, optional
        Of three dimensions, as by ``plt.subplots(subplot_kw={"projection": "3d"})``. None: a new figure.

    Returns
    -------
    Axes3D

    Raises
    ------
    RunFileError, ValueRefused, UnknownName
        As for `state_space`; or if the axes have two dimensions.

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> ax = nr.plots.state_space_3d(run, nr.dynamics.fixed_points(run, seed=0))
    """
    space = Space.of(run, points, condition, 3)
    with look():
        ax = solid_axes(ax, 1.4 * COLUMN)
        space.draw_trajectories(ax)
        space.draw_points(ax)
        for number, name in enumerate("xyz"):
            getattr(ax, f"set_{name}label")(space.label(number), **LABELS)
        ax.tick_params(labelsize=6, pad=-3)
        ax.set_box_aspect(None, zoom=0.85)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 0.9))
    return ax
