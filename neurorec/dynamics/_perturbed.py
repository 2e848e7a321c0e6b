"""What experiments on a network share: its trials, an input of its own for pulses, and the difference that something made."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurorec.arrays import real_array
from neurorec.discovery import resolve
from neurorec.display import short_repr
from neurorec.errors import NotOffered, ShapeError, ValueRefused
from neurorec.networks.network import Network
from neurorec.runs.run import Run
from neurorec.simulation.simulate import DRAWN, simulate
from neurorec.simulation.trajectories import Trajectories
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials


def network_of(net: Any) -> Network:
    """The network; of a run as it was last trained.

    Raises
    ------
    NotOffered
        If its units cannot be reached, as those of a torch module.
    """
    network = net.network if isinstance(net, Run) else net
    if not isinstance(network, Network):
        raise NotOffered(f"expected nr.Network, or a run of one, whose units can be reached one by one; got {short_repr(network)}")
    return network


def trials_of(network: Network, trials: Any, seed: int | None) -> Trials:
    """Trials as they are, some of a task, or inputs without targets."""
    if isinstance(trials, Trials):
        return trials
    if isinstance(trials, str | AbstractTask) or inspect.isclass(trials):
        return resolve("tasks", trials).trials(DRAWN, seed)
    return Trials(trials, dt=network.dt)


def direction_of(network: Network, units: Sequence[int] | int | None, direction: Any, drive: int) -> np.ndarray:
    """Where a pulse goes, (D N,): into some units alike, or into each as the direction says; without either into all.

    Raises
    ------
    ShapeError, ValueRefused
        If both were given, or they do not fit.
    """
    if units is not None and direction is not None:
        raise ValueRefused("say where the pulse goes: units=[3, 7] for the same into each, or direction=(N,) numbers, and not both")
    if not 0 <= drive < network.formula.n_drives:
        raise ValueRefused(f"drive is {drive}, but the cell has {network.formula.n_drives} drives, counted from 0")
    into = np.zeros((network.formula.n_drives, network.units))
    if direction is None:
        into[drive, slice(None) if units is None else numbers_of("units", units, network.units)] = 1
    else:
        into[drive] = real_array("direction", direction, (network.units,), "a number a unit")
    return into.ravel()


def numbers_of(name: str, given: Any, count: int) -> np.ndarray:
    """Numbers of units."""
    found = np.atleast_1d(np.asarray(given))
    if found.ndim != 1 or found.dtype.kind not in "iu" or not found.size or found.min() < 0 or found.max() >= count:
        raise ShapeError(f"{name} must be numbers of units, 0 to {count - 1}, got {given!r}")
    return found


def with_channel(network: Network, into: np.ndarray) -> Network:
    """The network with one more input, after the others, which has these weights."""
    return network.replace(input=np.concatenate([network.input, into[:, None]], axis=1))


def pulsed(network: Network, trials: Trials, pulse: np.ndarray, engine: Any, seed: int | None, initial: Any = None) -> Trajectories:
    """Of a network `with_channel`: what it does in trials, to which a pulse (T, B) is added."""
    inputs = np.concatenate([trials.inputs, pulse[:, :, None]], axis=2)
    targets: Any = trials.targets if trials.has_targets else None
    given = Trials(inputs, targets, trials.mask, trials.conditions, trials.dt, trials.loss, trials.channels)
    return simulate(network, given, engine=engine, seed=seed, initial=initial)
