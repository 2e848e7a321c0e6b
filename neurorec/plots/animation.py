"""Trajectories as they run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.errors import ValueRefused
from neurorec.plots._look import COLOURS, COLUMN, axes, look
from neurorec.plots._runs import AnyTrials
from neurorec.plots._space import Space

if TYPE_CHECKING:
    import xarray

TAIL = 0.15  # of a trial, drawn strong behind each dot


def animation(
    run: AnyTrials,
    path: str | Path = "state_space.gif",
    points: xarray.Dataset | None = None,
    condition: str | None = None,
    frames: int = 50,
    seconds: float = 4.0,
) -> Path:
    """A film of state space: a dot a trial, with what it has just passed, on the lines of `state_space`.

    Parameters
    ----------
    run, points, condition
        As for `state_space`.
    path : str or Path
        Where the film goes: .gif, which needs nothing more; .mp4 where ffmpeg is installed. An older one is replaced.
    frames : int
        How many pictures, evenly spaced over a trial.
    seconds : float
        How long it lasts.

    Returns
    -------
    Path

    Raises
    ------
    RunFileError, ValueRefused, UnknownName
        As for `state_space`; or if the path ends in neither, or ffmpeg is needed and not there.

    Examples
    --------
    >>> import neurorec as nr
    >>> film = nr.plots.animation(nr.open_run("run.h5"), "film.gif", frames=3)
    """
    import matplotlib.pyplot as plt
    from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter

    path = Path(path)
    if path.suffix != ".gif" and not (path.suffix == ".mp4" and FFMpegWriter.isAvailable()):
        raise ValueRefused(f"cannot write {path}: its name must end in .gif, or in .mp4 where ffmpeg is installed")
    space = Space.of(run, points, condition, 2)
    at = np.unique(np.linspace(0, len(space.path) - 1, whole("frames", frames)).round().astype(int))
    rate: Any = len(at) / positive("seconds", seconds, "seconds")
    with look():
        ax = axes(None, COLUMN, 3.0)
        space.draw_trajectories(ax)
        space.draw_points(ax)
        ax.set_xlabel(space.label(0))
        ax.set_ylabel(space.label(1))
        moving = _Moving(ax, space)
        film = FuncAnimation(ax.figure, moving.show, at, blit=True)  # type: ignore[arg-type]
        film.save(path, writer=PillowWriter(rate) if path.suffix == ".gif" else FFMpegWriter(rate), dpi=120)
        plt.close(ax.figure)  # type: ignore[arg-type]
    return path


class _Moving:
    """What changes from picture to picture."""

    def __init__(self, ax: Any, space: Space):
        self.path, self.tail = space.path, max(1, round(TAIL * len(space.path)))
        colours = {trial: COLOURS[number % len(COLOURS)] for number, (_, trials) in enumerate(space.groups) for trial in trials}
        self.lines = [ax.plot([], [], color=colours[k], linewidth=1.4, zorder=4)[0] for k in range(self.path.shape[1])]
        self.dots = [ax.plot([], [], "o", color=colours[k], markersize=4, zorder=5)[0] for k in range(self.path.shape[1])]

    def show(self, step: int) -> list[Any]:
        for k, (line, dot) in enumerate(zip(self.lines, self.dots, strict=True)):
            line.set_data(*self.path[max(0, step - self.tail) : step + 1, k].T)
            dot.set_data(*self.path[step : step + 1, k].T)
        return [*self.lines, *self.dots]
