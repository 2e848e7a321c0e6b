"""Where a network's trajectories go, and the fixed points between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.discovery import load
from neurorec.plots._look import COLOURS, COLUMN, GREY, axes, look
from neurorec.plots._runs import AnyTrials, one
from neurorec.plots._stability import LOOKS
from neurorec.simulation.simulate import simulate
from neurorec.simulation.trajectories import Trajectories
from neurorec.training.task_of_run import task_of_run

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

SHOWN = 20  # trials
MODE = 0.08  # length of an unstable mode, as a share of the trajectories' width


def state_space(run: AnyTrials, points: xarray.Dataset | None = None, condition: str | None = None, ax: Axes | None = None) -> Axes:
    """Trajectories on their first two principal components, with fixed points and their unstable modes.

    Parameters
    ----------
    run : Run, path or Trajectories
        Of a run the trained network is simulated in 20 trials of its task.
    points : Dataset, optional
        From `nr.dynamics.fixed_points`. None: those under no input of a run's network, from its trajectories; of trajectories none.
    condition : str, optional
        Of the trials, by which trajectories are coloured.
    ax : Axes, optional
        None: a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    RunFileError, ValueRefused
        If the run's task cannot be made again.

    Examples
    --------
    >>> import neurorec as nr
    >>> run = nr.open_run("run.h5")
    >>> points = nr.dynamics.fixed_points(run, seed=0)
    >>> ax = nr.plots.state_space(run, points)
    """
    shown, points = _given(run, points)
    states = np.concatenate([np.asarray(each, float) for each in shown.states.values()], axis=2)
    flat = states.reshape(-1, states.shape[2])
    mean = flat.mean(axis=0)
    plane, explained = _plane(flat - mean)
    with look():
        ax = axes(ax, COLUMN, 3.0)
        _draw_trajectories(ax, (states - mean) @ plane.T, _groups(shown, condition))
        if points is not None:
            _draw_points(ax, points, mean, plane, np.ptp((flat - mean) @ plane[0]))
        ax.set_xlabel(f"component 1 ({explained[0]:.0%} of variance)")
        ax.set_ylabel(f"component 2 ({explained[1]:.0%})")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _given(run: AnyTrials, points: xarray.Dataset | None) -> tuple[Trajectories, xarray.Dataset | None]:
    if isinstance(run, Trajectories):
        return run, points
    trained = one(run)
    trials = task_of_run(trained.config, None).trials(SHOWN, seed=0)
    shown = simulate(trained.network, trials, engine="reference")
    return shown, load("dynamics", "fixed_points")(trained.network, starts=shown) if points is None else points


def _plane(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two orthonormal directions of largest variance, (2, n), and their shares of it."""
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
    both = np.zeros((2, centred.shape[1]))
    both[: len(directions[:2])] = directions[:2]
    shares = np.zeros(2)
    shares[: len(lengths[:2])] = (lengths**2 / max((lengths**2).sum(), 1e-300))[:2]
    return both, shares


def _groups(shown: Trajectories, condition: str | None) -> list[tuple[str | None, np.ndarray]]:
    """Which trials go together, and what they are called."""
    count = next(iter(shown.states.values())).shape[1]
    if condition is None:
        return [(None, np.arange(count))]
    values = shown.trials.conditions[condition]
    return [
        (
            f"{condition} {value:.3g}" if np.issubdtype(values.dtype, np.floating) else f"{condition} {value}",
            np.flatnonzero(values == value),
        )
        for value in np.unique(values)
    ]


def _draw_trajectories(ax: Axes, path: np.ndarray, groups: list[tuple[str | None, np.ndarray]]) -> None:
    """Paths (time, trial, 2): a dot where each begins."""
    for number, (label, trials) in enumerate(groups):
        colour = GREY if label is None else COLOURS[number % len(COLOURS)]
        for k, trial in enumerate(trials):
            name = (label or "trajectories") if k == 0 else None
            ax.plot(*path[:, trial].T, color=colour, linewidth=0.6, alpha=0.7, zorder=1, label=name)
            ax.plot(*path[0, trial], ".", color=colour, markersize=3, zorder=1)


def _draw_points(ax: Axes, points: xarray.Dataset, mean: np.ndarray, plane: np.ndarray, width: float) -> None:
    places = (points["state"].values - mean) @ plane.T
    kinds = points["stability"].values
    for kind, style in LOOKS.items():
        if (kinds == kind).any():
            ax.plot(*places[kinds == kind].T, linestyle="none", markersize=5, label=f"{kind} point", zorder=3, **style)
    if "unstable_mode" in points:
        for place, mode in zip(places, points["unstable_mode"].values @ plane.T, strict=True):
            if np.isfinite(mode).all():
                ax.plot(*np.stack([place - MODE * width * mode, place + MODE * width * mode]).T, color=COLOURS[1], linewidth=1, zorder=2)
