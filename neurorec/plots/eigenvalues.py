"""Eigenvalues of fixed points in the complex plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.plots._look import COLUMN, GREY, axes, look
from neurorec.plots._runs import tables
from neurorec.plots._stability import LOOKS

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def eigenvalues(fixed_points: xarray.Dataset | Sequence[xarray.Dataset], ax: Axes | None = None) -> Axes:
    """Eigenvalues of the one-step Jacobian at each fixed point, and the unit circle, outside which a mode grows.

    Parameters
    ----------
    fixed_points : Dataset, or sequence of those
        From `nr.dynamics.fixed_points`.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import neurorec as nr
    >>> points = nr.dynamics.fixed_points(nr.Network.random(0, 8, 1, gain=1.8, seed=1))
    >>> ax = nr.plots.eigenvalues(points)
    """
    with look():
        ax = axes(ax, COLUMN, 3.0)
        for kind, style in sorted(LOOKS.items(), key=lambda each: each[0] == "stable"):  # which are fewest, on top
            values = np.concatenate([each["eigenvalues"].values[each["stability"].values == kind].ravel() for each in tables(fixed_points)])
            if len(values):
                ax.plot(np.real(values), np.imag(values), linestyle="none", label=kind, markersize=3.5, **style)
        limits = ax.get_xlim(), ax.get_ylim()  # near 1, where slow modes are, the circle is a line, and does not set them
        ax.plot(*_circle(), color=GREY, linewidth=0.7, zorder=0)
        ax.set(xlim=limits[0], ylim=limits[1])
        ax.set_aspect("equal", adjustable="box")
        ax.set_xlabel("real part (a step)")
        ax.set_ylabel("imaginary part (a step)")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _circle() -> tuple[np.ndarray, np.ndarray]:
    angles = np.linspace(0, 2 * np.pi, 200)
    return np.cos(angles), np.sin(angles)
