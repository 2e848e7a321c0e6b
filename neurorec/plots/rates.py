"""What the units did in one trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import TICKS, axes, look
from neurorec.plots._runs import AnyRun, one, recorded

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rates(run: AnyRun, trial: int = -1, ax: Axes | None = None) -> Axes:
    """Rates of the units in a recorded trial as an image, units in the order in which they peak.

    Rates of both signs get a diverging colour map, white at zero.

    Parameters
    ----------
    run : Run or path
        One that recorded the cell's first state, such as ``"h"``.
    trial : int
        Its number, counted from 1; negative: of those recorded, counted from the last.
    ax : Axes, optional
        None: a new figure. A colour bar is placed beside.

    Returns
    -------
    Axes

    Raises
    ------
    UnknownName, ValueRefused
        If the state or the trial was not recorded.
    """
    run = one(run)
    state = run.network.formula.states[0]
    data = recorded(run, trial, state)
    values = data[state].transpose("unit", "time").values
    with look():
        ax = axes(ax)
        _image(ax, data["time"].values, values[np.argsort(values.argmax(axis=1), kind="stable")])
        ax.set_xlabel("time (s)")
        ax.set_ylabel("unit (by time of peak)")
        ax.set_title(f"trial {int(data['trial'])}", loc="left")
    return ax


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
