"""Trajectories and fixed points on principal components of all states, in two dimensions or three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.discovery import load
from neurorec.errors import UnknownName
from neurorec.plots._look import COLOURS, GREY
from neurorec.plots._runs import AnyTrials, one
from neurorec.plots._stability import LOOKS
from neurorec.simulation.simulate import simulate
from neurorec.simulation.trajectories import Trajectories
from neurorec.training.task_of_run import task_of_run

if TYPE_CHECKING:
    import xarray

SHOWN = 20  # trials of a run's task
MODE = 0.08  # length of an unstable mode, as a share of the trajectories' width


@dataclass(frozen=True)
class Space:
    """What is drawn: paths in `n` components, which trials go together, and fixed points.

    Attributes
    ----------
    path : (T, B, n) array
    explained : (n,) array
        Shares of the variance; 0 of components that there are not.
    groups : list of (label or None, trials)
    points : Dataset or None
    mean, loadings : (k N,) and (n, k N) arrays
    """

    path: np.ndarray
    explained: np.ndarray
    groups: list[tuple[str | None, np.ndarray]]
    points: xarray.Dataset | None
    mean: np.ndarray
    loadings: np.ndarray

    @classmethod
    def of(cls, run: AnyTrials, points: xarray.Dataset | None, condition: str | None, n: int) -> Space:
        """From a run, of which trials are simulated and points are found, or from trajectories.

        Raises
        ------
        UnknownName, ValueRefused
            If the trials have no such condition, or the run's task cannot be made again.
        """
        shown, points = _given(run, points)
        states = list(shown.states)
        steps, trials, units = next(iter(shown.states.values())).shape
        there = min(n, units * len(states), steps * trials)
        pca = load("dynamics", "principal_components")(shown, there, states if len(states) > 1 else None)
        wider = lambda array, axis: np.pad(array, [(0, n - there if k == axis else 0) for k in range(array.ndim)])  # noqa: E731 - of a single unit
        return cls(
            wider(pca["component"].values, 2), wider(pca["explained"].values, 0), _groups(shown, condition), points,
            pca["mean"].values, wider(pca["loadings"].values, 0),
        )  # fmt: skip

    def place(self, states: np.ndarray) -> np.ndarray:
        """States (m, k N) in the components, (m, n)."""
        return (states - self.mean) @ self.loadings.T

    def label(self, number: int) -> str:
        """Of an axis."""
        return f"component {number + 1} ({self.explained[number]:.0%}{' of variance' if number == 0 else ''})"

    def draw_trajectories(self, ax: Any) -> None:
        """A line a trial, and a dot where it begins."""
        for number, (label, trials) in enumerate(self.groups):
            colour = GREY if label is None else COLOURS[number % len(COLOURS)]
            for k, trial in enumerate(trials):
                name = (label or "trajectories") if k == 0 else None
                ax.plot(*self.path[:, trial].T, color=colour, linewidth=0.6, alpha=0.7, zorder=1, label=name)
                ax.plot(*self.path[:1, trial].T, ".", color=colour, markersize=3, zorder=1)

    def draw_points(self, ax: Any) -> None:
        """Points by their stability, and the direction that grows most."""
        if self.points is None:
            return
        places, kinds = self.place(self.points["state"].values), self.points["stability"].values
        for kind, style in LOOKS.items():
            if (kinds == kind).any():
                ax.plot(*places[kinds == kind].T, linestyle="none", markersize=5, label=f"{kind} point", zorder=3, **style)
        for ends in self.modes(places):
            ax.plot(*ends.T, color=COLOURS[1], linewidth=1, zorder=2)

    def modes(self, places: np.ndarray) -> list[np.ndarray]:
        """Ends of a line along the unstable mode of each point that has one, (2, n)."""
        if self.points is None or "unstable_mode" not in self.points:
            return []
        width = MODE * np.ptp(self.path[..., 0])
        modes = self.points["unstable_mode"].values @ self.loadings.T
        return [
            np.stack([place - width * mode, place + width * mode])
            for place, mode in zip(places, modes, strict=True)
            if np.isfinite(mode).all()
        ]


def _given(run: AnyTrials, points: xarray.Dataset | None) -> tuple[Trajectories, xarray.Dataset | None]:
    if isinstance(run, Trajectories):
        return run, points
    trained = one(run)
    trials = task_of_run(trained.config, None).trials(SHOWN, seed=0)
    shown = simulate(trained.network, trials, engine="reference")
    return shown, load("dynamics", "fixed_points")(trained.network, starts=shown) if points is None else points


def _groups(shown: Trajectories, condition: str | None) -> list[tuple[str | None, np.ndarray]]:
    """Which trials go together, and what they are called."""
    if condition is None:
        return [(None, np.arange(shown.trials.count))]
    if condition not in shown.trials.conditions:
        raise UnknownName.among("condition of the trials", condition, shown.trials.conditions)
    values = shown.trials.conditions[condition]
    said = (lambda value: f"{value:.3g}") if np.issubdtype(values.dtype, np.floating) else str
    return [(f"{condition} {said(value)}", np.flatnonzero(values == value)) for value in np.unique(values)]
