"""What every unit is told of the error, over time: e-prop's learning signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.discovery import resolve
from neurorec.errors import ValueRefused
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.networks.network import Network
from neurorec.plots._look import TICKS, axes, look
from neurorec.simulation.loss import weighted_error
from neurorec.simulation.trajectories import Trajectories

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_signals(
    network: Network, shown: Trajectories, trial: int = 0, feedback: str | AbstractFeedback = "random", ax: Axes | None = None
) -> Axes:
    """The learning signal of each unit in a trial as an image, units in the order of their feedback from the first output.

    It is what a local rule multiplies eligibility traces by, feedback times error: :math:`L_j(t) = \\sum_k B_{jk}\\,(y^*_k - y_k)` for half the
    squared error, in e-prop (Bellec et al. 2020) with the opposite sign. Where it is positive, it asks a unit for more; where a
    step does not count, it is 0.

    Parameters
    ----------
    network : Network
        Its feedback and readout weights.
    shown : Trajectories
        What `nr.simulate` gave of it, of trials with targets.
    trial : int
        Its place, from 0; negative: counted from the last.
    feedback : str or feedback
        How the error reaches the units, from ``nr.names("feedbacks")``.
    ax : Axes, optional
        None: a new figure. A colour bar is placed beside.

    Returns
    -------
    Axes

    Raises
    ------
    ValueRefused
        If there is no such trial, or there are no targets to be wrong about.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("pattern_generation", duration=0.1)
    >>> net = nr.Network.random(task.n_inputs, 10, 1, cell="lif", dt=task.dt)
    >>> ax = nr.plots.learning_signals(net, nr.simulate(net, task.trials(1), engine="reference"))
    """
    trials = shown.trials
    if not trials.has_targets:
        raise ValueRefused("without targets there is no error; simulate trials that have them, nr.Trials(inputs, targets)")
    if not -trials.count <= trial < trials.count:
        raise ValueRefused(f"trial {trial} is not among the {trials.count} that were simulated")
    back = resolve("feedbacks", feedback).element(network.readout.T, network.feedback)
    error = weighted_error(shown.outputs.astype(float), trials)[:, trial] * trials.mask[:, trial].sum() * trials.count
    signals = (error @ back.T)[:, np.argsort(-back[:, 0], kind="stable")].T  # (unit, time)
    with look():
        ax = axes(ax)
        largest = float(np.abs(signals).max()) or 1.0
        extent = (0.0, trials.steps * trials.dt, len(signals) + 0.5, 0.5)
        image = ax.imshow(signals, aspect="auto", extent=extent, cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="nearest")
        bar = ax.figure.colorbar(image, ax=ax, label="learning signal", pad=0.02)
        bar.ax.tick_params(**TICKS)
        bar.outline.set_visible(False)
        ax.set(xlabel="time (s)", ylabel="unit (by feedback)")
    return ax
