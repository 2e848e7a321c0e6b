"""The loss over trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorec.errors import ValueRefused
from neurorec.plots._look import axes, look
from neurorec.plots._over_trials import draw, smoothed
from neurorec.plots._runs import AnyRuns, several
from neurorec.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = {"mse": "half squared error", "cross_entropy": "cross-entropy, nats"}  # others are called by their own name


def learning_curve(runs: AnyRuns, ax: Axes | None = None, label: str | None = None) -> Axes:
    """Loss over trials, both axes logarithmic: the median over runs and, around it, their quartiles.

    Each run is first averaged in windows of trials, 20 in every tenfold: single trials at first, then longer and longer.

    Parameters
    ----------
    runs : Run, path, or sequence of those
        Several are seeds of one condition; trials that not all have done are left out.
    ax : Axes, optional
        Where to draw; call again on the same axes, with another label, to compare conditions. None: a new figure.
    label : str, optional
        What the legend calls these runs.

    Returns
    -------
    Axes

    Raises
    ------
    ValueRefused, RunFileError
        If there is no run or no trial to draw, or the runs were trained by different losses.
    """
    runs = several(runs)
    unit, (trials, values) = _unit(runs), smoothed(runs, "loss")
    with look():
        ax = axes(ax)
        draw(ax, trials, values, label)
        ax.set_yscale("log")
        ax.set_ylabel(f"loss ({unit})")
    return ax


def _unit(runs: list[Run]) -> str:
    losses: list[str] = sorted({run.config["loss"] for run in runs})
    if len(losses) > 1:
        raise ValueRefused(f"runs of different losses ({', '.join(losses)}) have no common axis; draw each on axes of its own")
    name = losses[0]
    return UNITS.get(name, name)
