"""Velocities on a plane of the state space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.arrays import positive, real_array, whole
from neurorec.dynamics._map import AbstractMap, as_map
from neurorec.dynamics._starts import as_starts, width
from neurorec.errors import ValueRefused
from neurorec.runs.run import Run
from neurorec.simulation.simulate import simulate
from neurorec.training.task_of_run import task_of_run

if TYPE_CHECKING:
    import xarray

SHOWN = 20  # trials of a run's task
MARGIN = 0.15  # beyond what trajectories reach, as a share of that


def flow_field(
    net: Any,
    around: Any = None,
    units: Sequence[int] | None = None,
    inputs: Any = None,
    n: int = 25,
    *,
    between: Sequence[float] | None = None,
    seed: int | None = 0,
    dt: float = 1.0,
    size: int = 0,
) -> xarray.Dataset:
    """Velocity (F(x) - x) / dt on a grid of states that lie on a plane: of two principal components, or of two units.

    What is off the plane is held at the mean of the states around it; what of the velocity leaves the plane is said, not drawn. Lines on
    which one component is zero are nullclines of a system of two variables, and of the plane only in a larger one.

    Parameters
    ----------
    net : Network, ModuleNetwork, Run or callable
        As for `fixed_points`.
    around : Trajectories or (states, k N) array_like, optional
        States that give the plane and its extent. None: of a run, those of 20 trials of its task; else states on the way of random ones.
    units : (int, int), optional
        Entries of the state, horizontal and vertical. None: the first two principal components of the states around.
    inputs : (I,) array_like, optional
        Held constant. None: zeros.
    n : int
        Points of the grid each way.
    between : (float, float), optional
        From where to where on both axes. None: what the states reach, and a little more.
    seed : int or None
        Of random states.
    dt, size
        Of a function, as for `fixed_points`.

    Returns
    -------
    xarray.Dataset
        - ``velocity`` (vertical, horizontal, direction) in 1/s, along the horizontal and the vertical axis.
        - ``leaving`` (vertical, horizontal) in 1/s: norm of what leaves the plane.
        - ``axis`` (direction, unit), ``origin`` (unit): the plane. Its attribute ``plane`` says which it is.

    Raises
    ------
    ShapeError, ValueRefused
        If the system has one variable only, or the units are not two.

    Examples
    --------
    >>> import neurorec as nr
    >>> net = nr.Network.random(0, 2, 1, gain=2.0, seed=0)
    >>> field = nr.dynamics.flow_field(net, units=[0, 1], n=5)
    >>> field["velocity"].dims
    ('vertical', 'horizontal', 'direction')
    """
    import xarray

    system = as_map(net, inputs, size or width(around), dt)
    states = as_starts(system, _around(net, around), seed)
    origin, axis, labels, shares = _plane(system, states, units)
    places = (states - origin) @ axis.T
    grid = [_line(places[:, k], between, whole("n", n, 2)) for k in (0, 1)]
    at = np.stack(np.meshgrid(*grid), axis=-1).reshape(-1, 2) @ axis + origin
    velocity = (system.step(at) - at) / system.dt
    inside = velocity @ axis.T
    shape, over = (len(grid[1]), len(grid[0])), ("vertical", "horizontal")
    variables = {
        "velocity": ((*over, "direction"), inside.reshape(*shape, 2), {"units": "1/s"}),
        "leaving": (over, np.linalg.norm(velocity - inside @ axis, axis=1).reshape(shape), {"units": "1/s"}),
        "axis": (("direction", "unit"), axis, {"units": "1"}),
        "origin": ("unit", origin, {"units": "1"}),
    }
    coordinates = {
        name: (name, each, {"units": "1", "long_name": label}) for name, each, label in zip(over[::-1], grid, labels, strict=True)
    }
    plane = f"{labels[0]} and {labels[1]}{shares}"
    return xarray.Dataset(variables, {**coordinates, "direction": ["horizontal", "vertical"], **system.labels}, {"plane": plane})


def _around(net: Any, around: Any) -> Any:
    if around is not None or not isinstance(net, Run):
        return around
    return simulate(net.network, task_of_run(net.config, None, net.trust).trials(SHOWN, seed=0), engine="reference")


def _plane(system: AbstractMap, states: np.ndarray, units: Sequence[int] | None) -> tuple[np.ndarray, np.ndarray, list[str], str]:
    """Origin, two orthonormal axes, what they are called, and what else is said of them."""
    if system.size < 2:
        raise ValueRefused("a plane needs two variables, the system has one")
    mean = states.mean(axis=0)
    if units is None:
        _, sizes, directions = np.linalg.svd(states - mean, full_matrices=False)
        directions = directions[:2] * np.sign(directions[np.arange(2), np.abs(directions[:2]).argmax(axis=1)])[:, None]
        return mean, directions, ["component 1", "component 2"], f", {(sizes[:2] ** 2).sum() / (sizes**2).sum():.0%} of the variance"
    chosen = real_array("units", units, (2,), "two entries of the state, horizontal and vertical").astype(int)
    if chosen[0] == chosen[1] or chosen.min() < 0 or chosen.max() >= system.size:
        raise ValueRefused(f"units must be two different entries of the state, 0 to {system.size - 1}, got {units!r}")
    axis = np.eye(system.size)[chosen]
    labels = [f"{name} of unit {number}" for name, number in (system.entries[k] for k in chosen)]
    return mean - (mean @ axis.T) @ axis, axis, labels, ""


def _line(places: np.ndarray, between: Sequence[float] | None, n: int) -> np.ndarray:
    if between is not None:
        low, high = real_array("between", between, (2,))
        return low + positive("the width of between", high - low) * np.linspace(0, 1, n)
    extent = max(np.ptp(places), 1e-6)
    return np.linspace(places.min() - MARGIN * extent, places.max() + MARGIN * extent, n)
