"""Who spiked when, and how often all did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.plots._look import COLOURS, axes, look
from neurorec.simulation.trajectories import Trajectories

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

WINDOW = 0.02  # seconds, in which spikes are counted


def raster(shown: Trajectories, trial: int = 0, ax: Axes | None = None, state: str = "z") -> Axes:
    """Spikes of a trial, a row a unit; above them the mean rate of all units, in windows of 20 ms.

    Parameters
    ----------
    shown : Trajectories
        From `nr.simulate`, of cells that spike.
    trial : int
        Its place, from 0; negative: counted from the last.
    ax : Axes, optional
        None: a new figure.
    state : str
        Which one spikes.

    Returns
    -------
    Axes

    Raises
    ------
    ValueRefused
        If there is no such trial, or the state is no spike train.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("pattern_generation", duration=0.1)
    >>> net = nr.Network.random(task.n_inputs, 10, 1, cell="lif", dt=task.dt)
    >>> ax = nr.plots.raster(nr.simulate(net, task.trials(1), engine="reference"))
    """
    spikes = shown.spikes(state)
    if not -spikes.attrs["trials"] <= trial < spikes.attrs["trials"]:
        raise ValueRefused(f"trial {trial} is not among the {spikes.attrs['trials']} that were simulated")
    one, units = spikes.isel(spike=spikes["trial"].values == trial % spikes.attrs["trials"]), spikes.attrs["units"]
    with look():
        ax = axes(ax)
        ax.plot(one["time"], one["unit"], "|", color="black", markersize=max(1.0, min(6.0, 200 / units)), markeredgewidth=0.6)
        counted, end = _rate(one), spikes.attrs["steps"] * spikes.attrs["dt"]
        ax.set(xlabel="time (s)", ylabel="unit", xlim=(0, end), ylim=(-0.5, 1.35 * units))
        ax.set_yticks([0, units - 1] if units > 1 else [0])
        top = max(counted[1].max(initial=0), 1e-9)
        ax.plot(counted[0], units * (1.05 + 0.28 * counted[1] / top), color=COLOURS[0], linewidth=1)
        ax.set_title(f"mean rate, up to {top:.3g} Hz" if counted[1].any() else "no spikes", loc="left", color=COLOURS[0])
    return ax


def _rate(spikes: xarray.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Middles of windows (s), and the mean rate of a unit in each (Hz)."""
    length = spikes.attrs["steps"] * spikes.attrs["dt"]
    windows = max(1, round(length / WINDOW))
    found, edges = np.histogram(spikes["time"].values, windows, (0, length * (1 + 1e-9)))
    return (edges[1:] + edges[:-1]) / 2, found / (np.diff(edges) * spikes.attrs["units"])
