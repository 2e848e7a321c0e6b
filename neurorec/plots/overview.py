"""A training at a glance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from neurorec.errors import UnknownName, ValueRefused
from neurorec.plots._conditions import conditions
from neurorec.plots._look import PAGE, figure, look, ticked
from neurorec.plots._runs import AnyRuns, several
from neurorec.plots.alignment import alignment
from neurorec.plots.learning_curve import learning_curve
from neurorec.plots.outputs import outputs
from neurorec.plots.rates import rates
from neurorec.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def overview(runs: AnyRuns, trial: int = -1) -> Figure:
    """Learning curve and alignment, outputs and rates of a recorded trial, on one page.

    Parameters
    ----------
    runs : Run, path, or sequence of those
        Of several the curves show all, as `learning_curve` does, outputs and rates the first.
    trial : int
        As for `outputs` and `rates`.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> figure = nr.plots.overview(run)
    """
    runs = several(runs)
    with look():
        page, grid = figure(2, 2, PAGE, 5.0)
        for letter, panel in zip("abcd", grid.flat, strict=True):
            ticked(panel).annotate(letter, (0, 1), (-30, 4), "axes fraction", "offset points", weight="bold", size=10)
        learning_curve(runs, grid[0, 0])
        alignment(runs, grid[0, 1])
        _if_recorded(outputs, runs[0], trial, grid[1, 0])
        _if_recorded(rates, runs[0], trial, grid[1, 1])
        page.suptitle(_caption(runs))
    return page


def _if_recorded(draw: Callable[..., Axes], run: Run, trial: int, ax: Axes) -> None:
    try:
        draw(run, trial, ax=ax)
    except (UnknownName, ValueRefused):  # the other panels are there all the same
        ax.set_axis_off()
        ax.text(0.5, 0.5, f"{draw.__name__} were not recorded", transform=ax.transAxes, ha="center", va="center")


def _caption(runs: list[Run]) -> str:
    several_conditions = len(conditions(runs)) > 1
    seeds = f"{len(runs)} runs" if len(runs) > 1 else f"seed {runs[0].config['seed']}"
    what = f"{_each(run.config['task'] for run in runs)} by {_each(run.config['rule'] for run in runs)}"
    return f"{what}, {seeds}, {_each(run.network.units for run in runs)} units" + ("; c and d: the first run" if several_conditions else "")


def _each(values: Iterable[Any]) -> str:
    return ", ".join(map(str, dict.fromkeys(values)))
