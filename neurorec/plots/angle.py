"""The angle between a rule's weight change and the gradient over trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorec.plots._conditions import conditions
from neurorec.plots._look import axes, look
from neurorec.plots._over_trials import draw, reference, smoothed
from neurorec.plots._runs import AnyRuns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def angle(runs: AnyRuns, ax: Axes | None = None, label: str | None = None) -> Axes:
    """Angle between the rule's weight change and the exact gradient over trials: median and quartiles over seeds.

    Below 90 degrees (dashed) a small change lowers the loss; 0 is gradient descent. For runs trained with
    ``gradient_angle``.

    Parameters
    ----------
    runs, ax, label
        As for `learning_curve`; trials are averaged in the same windows.

    Returns
    -------
    Axes

    Raises
    ------
    UnknownName
        If a run has no angle in its log.

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> ax = nr.plots.angle(run)  # trained with nr.train(..., gradient_angle=1)
    """
    curves = [(name, *smoothed(seeds, "angle")) for name, seeds in conditions(runs, label)]
    with look():
        ax = axes(ax)
        reference(ax, 90.0)
        for name, trials, values in curves:
            draw(ax, trials, values, name)
        ax.set_ylabel("angle to the gradient (degrees)")
        top = 180 if ax.dataLim.ymax > 105 else 105
        ax.set_ylim(0, top)
        ax.set_yticks(range(0, top + 1, 30))
    return ax
