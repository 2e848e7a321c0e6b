"""The loss over trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorec.errors import ValueRefused
from neurorec.plots._conditions import conditions
from neurorec.plots._look import axes, look
from neurorec.plots._over_trials import draw, smoothed
from neurorec.plots._runs import AnyRuns, loss_of
from neurorec.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_curve(runs: AnyRuns, ax: Axes | None = None, label: str | None = None) -> Axes:
    """Loss over trials, both axes logarithmic: the median over seeds and, around it, their quartiles.

    Each run is first averaged in windows of trials, 20 in every tenfold: single trials at first, then longer and longer.

    Parameters
    ----------
    runs : Run, path, or sequence of those
        Those that differ only in their seed (and in how long they are) are seeds of one condition, and trials that not all
        of them have done are left out; others are conditions of their own, each a curve, called by what they differ in.
    ax : Axes, optional
        Where to draw; call again on the same axes, with another label, to compare conditions. None: a new figure.
    label : str, optional
        What the legend calls these runs; of several conditions, what comes before their own names.

    Returns
    -------
    Axes

    Raises
    ------
    ValueRefused, RunFileError
        If there is no run or no trial to draw, or the runs were trained by different losses.

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> ax = nr.plots.learning_curve(run, label="RFLO")
    >>> ax.figure.savefig("learning_curve.pdf")
    """
    groups = conditions(runs, label)
    unit, curves = _unit([run for _, seeds in groups for run in seeds]), [(name, *smoothed(seeds, "loss")) for name, seeds in groups]
    with look():
        ax = axes(ax)
        for name, trials, values in curves:
            draw(ax, trials, values, name)
        ax.set_yscale("log")
        ax.set_ylabel(f"loss ({unit})")
    return ax


def _unit(runs: list[Run]) -> str:
    losses: list[str] = sorted({run.config["loss"] for run in runs})
    if len(losses) > 1:
        raise ValueRefused(f"runs of different losses ({', '.join(losses)}) have no common axis; draw each on axes of its own")
    return loss_of(losses[0]).unit or losses[0]
