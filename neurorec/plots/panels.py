"""A figure with several panels, in the look of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorec.plots._look import COLUMN, figure, look, ticked

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


def panels(rows: int, columns: int, width: float = COLUMN, height: float = 2.5) -> tuple[Figure, np.ndarray]:
    """An empty figure whose axes the other functions take as ``ax``.

    Parameters
    ----------
    rows, columns : int
        Panels.
    width, height : float
        Of a panel, in inches.

    Returns
    -------
    Figure, array of Axes
        The axes as `matplotlib.pyplot.subplots` arranges them.

    Examples
    --------
    >>> import neurorec as nr
    >>> figure, (left, right) = nr.plots.panels(1, 2)
    >>> run = nr.open_run("run.h5")
    >>> ax = nr.plots.learning_curve(run, ax=left)
    >>> ax = nr.plots.alignment(run, ax=right)
    """
    with look():
        made, axes = figure(rows, columns, columns * width, rows * height)
    for ax in axes.flat:
        ticked(ax)
    return made, axes.squeeze()
