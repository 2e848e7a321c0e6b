"""Rates of the units in one trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import TICKS, axes, look
from neurorec.plots._runs import AnyTrials, one, recorded, simulated
from neurorec.simulation.trajectories import Trajectories

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def rates(run: AnyTrials, trial: int = -1, ax: Axes | None = None) -> Axes:
    """Rates of the units in a recorded trial as an image, units in the order in which they peak.

    Rates of both signs get a diverging colour map, white at zero.

    Parameters
    ----------
    run : Run, path or Trajectories
        A run that recorded the cell's first state, such as ``"h"``; or what `nr.simulate` gave.
    trial : int
        Of a run its number, counted from 1; of trajectories its place, from 0; negative: of those that there are, counted from the last.
    ax : Axes, optional
        None: a new figure. A colour bar is placed beside.

    Returns
    -------
    Axes

    Raises
    ------
    UnknownName, ValueRefused
        If the state or the trial was not recorded.

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> ax = nr.plots.rates(run, trial=-1)
    """
    state, data = _trial(run, trial)
    values = data[state].transpose("unit", "time").values
    with look():
        ax = axes(ax)
        _image(ax, data["time"].values, values[np.argsort(values.argmax(axis=1), kind="stable")])
        ax.set_xlabel("time (s)")
        ax.set_ylabel("unit (by time of peak)")
        ax.set_title(f"trial {int(data['trial'])}", loc="left")
    return ax


def _trial(run: AnyTrials, trial: int) -> tuple[str, xarray.Dataset]:
    """Name of the first state, and the trial."""
    if isinstance(run, Trajectories):
        state = next(iter(run.states))
        return state, simulated(run, trial, state)
    run = one(run)
    state = run.network.formula.states[0]
    return state, recorded(run, trial, state)


def _image(ax: Axes, time: np.ndarray, values: np.ndarray) -> None:
    """Draw (unit, time) values, the first unit on top."""
    step = time[1] - time[0]
    extent = (time[0] - step, time[-1], len(values) + 0.5, 0.5)  # a time is the end of its step; units are counted from 1
    largest = float(np.abs(values).max()) or 1.0
    scale = {"cmap": "RdBu_r", "vmin": -largest} if values.min() < 0 else {"cmap": "viridis", "vmin": 0.0}
    image = ax.imshow(values, aspect="auto", extent=extent, vmax=largest, interpolation="nearest", **scale)
    bar = ax.figure.colorbar(image, ax=ax, label="rate", pad=0.02)
    bar.ax.tick_params(**TICKS)
    bar.outline.set_visible(False)
