"""The lines that a network writes with a pen, over the target lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.plots._look import COLOURS, PAGE, axes, look
from neurorec.tasks.handwriting import Handwriting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PEN = {"solid_capstyle": "round", "solid_joinstyle": "round"}
TARGET = {"color": "#D0D0D0", "linewidth": 5.0} | PEN  # beneath and wider, so that it shows where the two agree


def ink(
    task: Handwriting,
    outputs: np.ndarray,
    targets: np.ndarray | None = None,
    start: tuple[float, float] = (0.0, 0.0),
    ax: Axes | None = None,
    label: str | None = None,
) -> Axes:
    """The lines that a pen leaves, in letter heights, both axes to the same scale.

    Parameters
    ----------
    task : Handwriting
        ``nr.task("handwriting")``, with the time step of the outputs.
    outputs : (T, 3) array_like
        Velocity and contact of the pen over a letter or a word: ``nr.simulate(net, task.word("learn")).outputs[:, 0]``.
    targets : (T, 3) array_like, optional
        Drawn in grey beneath: ``task.word("learn").targets[:, 0]``.
    start : (float, float)
        Where the pen begins.
    ax : Axes, optional
        None: a new figure.
    label : str, optional
        For a legend.

    Returns
    -------
    Axes

    Raises
    ------
    ShapeError, ValueRefused
        If the task is another one, or the outputs have another shape.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("handwriting", letters="elan")
    >>> word = task.word("lean")
    >>> ax = nr.plots.ink(task, 0.9 * word.targets[:, 0], word.targets[:, 0])
    """
    if not isinstance(task, Handwriting):
        raise ValueRefused(f"ink needs nr.task('handwriting'), which turns outputs into lines, got {task!r}")
    lines, target = task.ink(outputs, start), [] if targets is None else task.ink(targets, start)
    with look():
        ax = axes(ax, PAGE, 2.2)
        _draw(ax, target, None if label is None else "target", TARGET)
        _draw(ax, lines, label, {"color": COLOURS[0], "linewidth": 1.6} | PEN)
        ax.set_aspect("equal")
        ax.set_xlabel("letter heights")
    return ax


def _draw(ax: Axes, lines: list[np.ndarray], label: str | None, style: dict[str, Any]) -> None:
    for number, line in enumerate(lines):
        ax.plot(*line.T, label=label if number == 0 else None, **style)
