"""One engine per file; what a user asks of them: simulate, and the change that a rule would make."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurorec.discovery import resolve
from neurorec.display import short_repr
from neurorec.engines.base import AbstractEngine, expect_taken
from neurorec.engines.base.around import around
from neurorec.errors import NotOffered
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.alike import MANY
from neurorec.process.memory import expect_memory
from neurorec.random_numbers.seeds import entropy
from neurorec.runs.spikes import expect_sparse_enough
from neurorec.simulation.each import of_each
from neurorec.simulation.engine import engine_for
from neurorec.simulation.kept import kept
from neurorec.simulation.stimulus import fit, start, stimulus
from neurorec.simulation.trajectories import Trajectories
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials

FEWER = "use fewer trials or steps, or nr.stream, into a file"
DRAWN = 10  # trials of a task, where the user does not say how many


def simulate(
    network: AbstractNetwork | Sequence[AbstractNetwork],
    trials: Trials | AbstractTask | str | np.ndarray,
    engine: str | AbstractEngine = "numba",
    seed: int | Sequence[int | None] | None = 0,
    initial: np.ndarray | None = None,
    *,
    n: int = DRAWN,
) -> Trajectories | Any:
    """Run a network through trials; nothing is learnt.

    Parameters
    ----------
    network : Network or ModuleNetwork, or a list of them
        Those of a list have the same shapes and cell; they run side by side, in threads, each as it does alone.
    trials : Trials, task, name of a task, or (T, B, I) or (T, I) array_like
        With the network's number of inputs and outputs, and its dt. Of a task, `n` trials are drawn. An array is what the
        network receives, at its dt; then there are no targets, and no loss.
    engine : str or engine
        From ``nr.names("engines")``.
    seed : int or None
        For the network's private noise, and for the trials that are drawn; a training with the same seed learns from these. For a list of
        networks it may be a list of one each.
    initial : (B, k N) or (k N,) array_like, optional
        State before the first step, instead of the network's own.
    n : int
        How many trials of a task.

    Returns
    -------
    Trajectories
        Its ``trials`` are those it was given, or that were drawn. Of a list of networks, a list.

    Raises
    ------
    ShapeError, ValueRefused, UnknownName
        If trials and network do not fit, or the states do not fit into memory.
    """
    if isinstance(network, MANY):
        return of_each(_simulated, network, resolve("engines", engine), {"seed": seed}, trials=trials, initial=initial, n=n)
    return _simulated(network, trials, engine, seed, initial, n)


def _simulated(network: Any, trials: Any, engine: Any, seed: Any, initial: np.ndarray | None, n: int) -> Trajectories:
    """Of one network."""
    if not isinstance(network, AbstractNetwork):
        raise NotOffered(f"{short_repr(network)} is no network; pass a network first, then what it is to be given")
    root = entropy(seed)
    trials = _as_trials(trials, network, n, root)
    runner: Any = engine_for(engine, network, trials)
    expect_taken(runner, network)
    runner = around(runner, network)
    fit(network, trials, needs_targets=trials.has_targets)
    expect_sparse_enough(network, trials.steps * trials.count * network.units, "the simulation", FEWER)
    numbers = trials.steps * trials.count * (2 * network.initial.size + network.inputs + 2 * network.outputs)  # computed, then copied
    expect_memory(np.dtype(runner.dtype).itemsize * numbers, "the simulation", FEWER)
    own = kept(network, runner.dtype)
    state = own.start(network, trials.count) if initial is None else start(network, trials.count, initial, runner.dtype)
    activity = runner.forward(network, own.weights, stimulus(network, trials, runner.dtype, root, state=state))
    states = {name: activity.states[1:, k].copy() for k, name in own.states}
    return Trajectories(activity.readout.copy(), states, trials)


def _as_trials(given: Trials | AbstractTask | str | np.ndarray, network: AbstractNetwork, n: int, seed: int) -> Trials:
    """Trials as they are, those that a task draws, or inputs without targets."""
    if isinstance(given, Trials):
        return given
    if isinstance(given, str | AbstractTask) or inspect.isclass(given):
        return resolve("tasks", given).trials(n, seed)
    return Trials(given, dt=network.dt)
