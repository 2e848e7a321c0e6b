"""How every figure looks: sizes that a journal column asks for, and colours that the colour-blind tell apart."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from neurorec.errors import ValueRefused

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN, PAGE = 3.4, 7.0  # inches: width of one column of a journal, and of two
# Okabe and Ito (2008), without the yellow, which is faint on white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#8C8C8C"
TICKS = {"labelsize": 8, "width": 0.7, "length": 3}


def look() -> AbstractContextManager[Any]:
    """matplotlib's settings of the figures, while entered; the user's own stay as they are."""
    import matplotlib
    import matplotlib.pyplot as plt

    plt.draw_if_interactive()  # loads the backend: a notebook's turns "interactive" on, which else would be put back with the settings
    return matplotlib.rc_context({
        "font.size": 8, "axes.labelsize": 9, "axes.titlesize": 9, "figure.titlesize": 10, "legend.fontsize": 8,
        "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.7, "axes.prop_cycle": f"cycler(color={COLOURS})",
        "legend.frameon": False, "legend.handlelength": 1.4, "lines.linewidth": 1.3, "figure.dpi": 200,
    })  # fmt: skip


def axes(ax: Axes | None, width: float = COLUMN, height: float = 2.5) -> Axes:
    """The axes that were given, or those of a new figure of that size in inches."""
    if ax is not None:
        return ax
    return ticked(figure(1, 1, width, height)[1].item())


def solid_axes(ax: Axes | None, width: float = COLUMN, height: float = 3.2) -> Any:
    """Three-dimensional axes: those that were given, or of a new figure of that size in inches."""
    import matplotlib.pyplot as plt

    from neurorec.plots._figure import Figure

    if ax is None:
        return plt.figure(figsize=(width, height), layout="constrained", FigureClass=Figure).add_subplot(projection="3d")
    if ax.name != "3d":
        raise ValueRefused("ax has two dimensions; make it by plt.subplots(subplot_kw={'projection': '3d'})")
    return ax


def figure(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """A new figure of that size in inches, and its (rows, columns) axes."""
    import matplotlib.pyplot as plt

    from neurorec.plots._figure import Figure

    return plt.subplots(rows, columns, figsize=(width, height), layout="constrained", squeeze=False, FigureClass=Figure)


def ticked(ax: Axes) -> Axes:
    """Give own axes our ticks: matplotlib makes some only when it draws, by settings that are the user's again by then."""
    ax.tick_params(which="major", **TICKS)
    ax.tick_params(which="minor", width=0.5, length=1.8)
    return ax
