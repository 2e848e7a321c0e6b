"""Where searches begin: states that a network visits, or an array of them."""

from __future__ import annotations

import numpy as np

from neurorec.arrays import real_array
from neurorec.dynamics._map import AbstractMap
from neurorec.errors import ShapeError, ValueRefused
from neurorec.random_numbers.seeds import entropy
from neurorec.simulation.trajectories import Trajectories

COUNT = 512  # starts, where their number is not given
SETTLING = 100  # steps, at the most, from a random state


def width(starts: object) -> int:
    """Entries of a state, by an array of starts; 0 where there is none."""
    shape = () if starts is None else np.shape(starts)  # type: ignore[arg-type]
    return shape[-1] if shape else 0


def as_starts(system: AbstractMap, starts: object, seed: int | None) -> np.ndarray:
    """States (starts, n): an array's rows, some of those that trajectories pass, or states on the way of random ones.

    Raises
    ------
    ShapeError, ValueRefused
        If they do not fit the system.
    """
    rng = np.random.default_rng(entropy(seed))
    if starts is None:
        return _on_the_way(system, rng)
    if isinstance(starts, Trajectories):
        return _visited(system, starts, rng)
    found = real_array("starts", starts)
    if found.ndim == 3:  # (time, trial, unit)
        found = found.reshape(-1, found.shape[2])
    if found.ndim != 2 or found.shape[1] != system.size:
        raise ShapeError(f"starts must be (starts, {system.size}), a row of all states of all units each, got {found.shape}")
    if not len(found):
        raise ValueRefused("starts is empty; pass at least one state, or None")
    return found


def _visited(system: AbstractMap, trajectories: Trajectories, rng: np.random.Generator) -> np.ndarray:
    variables = dict.fromkeys(name for name, _ in system.entries)
    if missing := [name for name in variables if name not in trajectories.states]:
        raise ShapeError(f"the trajectories are of another network: they have no state {missing[0]!r}")
    states = np.concatenate([trajectories.states[name] for name in variables], axis=2).astype(np.float64)
    rows = states.reshape(-1, states.shape[2])
    if rows.shape[1] != system.size:
        raise ShapeError(f"the trajectories are of another network: {rows.shape[1]} states of units, the network has {system.size}")
    return rows if len(rows) <= COUNT else rows[np.sort(rng.choice(len(rows), COUNT, replace=False))]


def _on_the_way(system: AbstractMap, rng: np.random.Generator) -> np.ndarray:
    """Random states after a random number of steps: near what attracts, and far from it."""
    x, stops = rng.standard_normal((COUNT, system.size)), rng.integers(0, SETTLING, COUNT)
    with np.errstate(all="ignore"):
        for t in range(SETTLING):
            going = stops > t
            x[going] = system.step(x[going])
    return x[np.isfinite(x).all(axis=1)]
