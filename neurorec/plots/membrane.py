"""The potential of a unit, and the threshold that it has to reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.errors import NotOffered
from neurorec.networks.network import Network
from neurorec.plots._look import COLOURS, GREY, axes, look
from neurorec.simulation.trajectories import Trajectories

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def membrane(network: Network, shown: Trajectories, unit: int = 0, trial: int = 0, ax: Axes | None = None) -> Axes:
    """Potential and threshold of one unit in a trial, and its spikes.

    Parameters
    ----------
    network : Network
        Of `lif` or `adaptive_lif` units, or others with a state `v` and a parameter `threshold`.
    shown : Trajectories
        What `nr.simulate` gave of it.
    unit, trial : int
        Which, from 0.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    NotOffered
        If there is no `v` or no `threshold`.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("pattern_generation", duration=0.1)
    >>> net = nr.Network.random(task.n_inputs, 10, 1, cell="adaptive_lif", dt=task.dt)
    >>> ax = nr.plots.membrane(net, nr.simulate(net, task.trials(1), engine="reference"), unit=3)
    """
    if "v" not in shown.states or "threshold" not in network.parameters:
        raise NotOffered(f"{network.cell} has no potential v and threshold to draw; of 'lif' and 'adaptive_lif' there are")
    state = {name: values[:, trial, unit] for name, values in shown.states.items()}
    raised = network.per_unit("beta")[unit] * state["b"] if "b" in state else 0.0
    time, threshold = shown.trials.time, np.broadcast_to(network.per_unit("threshold")[unit] + raised, state["v"].shape)
    with look():
        ax = axes(ax)
        ax.plot(time, state["v"], color=COLOURS[0], linewidth=1, label="v")
        ax.plot(time, threshold, color=GREY, linestyle="--", linewidth=1, label="threshold")
        fired = state["z"] > 0
        ax.plot(time[fired], np.maximum(state["v"], threshold)[fired], "|", color=COLOURS[1], label="spike", markersize=7)
        ax.set(xlabel="time (s)", ylabel=f"potential of unit {unit}")
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, columnspacing=1.2, borderaxespad=0.2)
    return ax
