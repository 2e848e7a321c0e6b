"""Which units encode which variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.plots._look import COLOURS, COLUMN, GREY, axes, look
from neurorec.plots._runs import single

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def selectivity(
    targeted_dimensions: xarray.Dataset | Sequence[xarray.Dataset], variables: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """How strongly each unit encodes two variables, a dot a unit: regression coefficients where each variable is encoded most.

    Parameters
    ----------
    targeted_dimensions : Dataset, or sequence of one
        From `nr.dynamics.targeted_dimensions`.
    variables : (str, str), optional
        Horizontal and vertical. None: the first two.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueRefused
        If there are not two variables.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("context_integration", dt=0.05)
    >>> shown = nr.simulate(nr.Network.for_task(task, units=8), task, n=40)
    >>> found = nr.dynamics.targeted_dimensions(shown, by=["choice", "motion", "colour"])
    >>> ax = nr.plots.selectivity(found, ["motion", "colour"])
    """
    found = single(targeted_dimensions)
    names = list(map(str, found["regressor"].values)) if variables is None else list(variables)
    if len(names) < 2 or not set(names) <= set(found["regressor"].values.tolist()):
        raise ValueRefused(f"two variables are needed, of {', '.join(map(str, found['regressor'].values))}; got {', '.join(names)}")
    x, y = (_coefficient(found, name) for name in names[:2])
    with look():
        ax = axes(ax, COLUMN, COLUMN)
        ax.axhline(0, color=GREY, linewidth=0.5, zorder=0)
        ax.axvline(0, color=GREY, linewidth=0.5, zorder=0)
        ax.plot(x, y, "o", color=COLOURS[0], markersize=3, alpha=0.7)
        largest = 1.08 * max(np.abs(x).max(), np.abs(y).max(), 1e-300)
        ax.set(xlim=(-largest, largest), ylim=(-largest, largest), aspect="equal")
        ax.set_xlabel(f"coefficient of {names[0]} (per unit of it)")
        ax.set_ylabel(f"coefficient of {names[1]} (per unit of it)")
    return ax


def _coefficient(found: xarray.Dataset, name: str) -> np.ndarray:
    """Of each unit, at the time at which all together encode it most."""
    each = found["coefficient"].sel(regressor=name).values
    return each[np.linalg.norm(each, axis=1).argmax()]
