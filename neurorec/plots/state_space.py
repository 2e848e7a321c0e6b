"""Where a network's trajectories go, and the fixed points between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorec.plots._look import COLUMN, axes, look
from neurorec.plots._runs import AnyTrials
from neurorec.plots._space import Space

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def state_space(run: AnyTrials, points: xarray.Dataset | None = None, condition: str | None = None, ax: Axes | None = None) -> Axes:
    """Trajectories on their first two principal components, with fixed points and their unstable modes.

    Parameters
    ----------
    run : Run, path or Trajectories
        Of a run the trained network is simulated in 20 trials of its task.
    points : Dataset, optional
        From `nr.dynamics.fixed_points`. None: those under no input of a run's network, from its trajectories; of trajectories none.
    condition : str, optional
        Of the trials, by which trajectories are coloured.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    RunFileError, ValueRefused, UnknownName
        If the run's task cannot be made again, its states stand still, or its trials have no such condition.

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> points = nr.dynamics.fixed_points(run, seed=0)
    >>> ax = nr.plots.state_space(run, points)
    """
    space = Space.of(run, points, condition, 2)
    with look():
        ax = axes(ax, COLUMN, 3.0)
        space.draw_trajectories(ax)
        space.draw_points(ax)
        ax.set_xlabel(space.label(0))
        ax.set_ylabel(space.label(1))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax
