"""The alignment of feedback with readout over trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorec.plots._conditions import conditions
from neurorec.plots._look import axes, look
from neurorec.plots._over_trials import draw, reference, smoothed
from neurorec.plots._runs import AnyRuns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def alignment(runs: AnyRuns, ax: Axes | None = None, label: str | None = None) -> Axes:
    """Alignment of the feedback weights with the readout over trials (Murray 2019, Fig 2c): median and quartiles over seeds.

    It is the normalised overlap of the feedback with the readout's transpose: 1 where they are parallel, 0 (dashed)
    where they have nothing in common, as two random matrices.

    Parameters
    ----------
    runs, ax, label
        As for `learning_curve`; trials are averaged in the same windows.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> ax = nr.plots.alignment(run)
    """
    curves = [(name, *smoothed(seeds, "alignment")) for name, seeds in conditions(runs, label)]
    with look():
        ax = axes(ax)
        reference(ax, 0.0)
        for name, trials, values in curves:
            draw(ax, trials, values, name)
        ax.set_ylabel("feedback alignment (cosine)")
        ax.set_ylim(-1 if ax.dataLim.ymin < -0.25 else -0.25, 1.05)
    return ax
