"""One engine per file; what a user asks of them: simulate, and the change that a rule would make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.abstract_network import AbstractNetwork
from neurorec.arrays import real_array
from neurorec.discovery import load, resolve
from neurorec.engines.base import AbstractEngine, Activity, Route, Stimulus, check, expect_taken
from neurorec.errors import ShapeError, ValueRefused
from neurorec.feedbacks.base import AbstractFeedback
from neurorec.losses.base import AbstractLoss
from neurorec.mapping import mapping_of
from neurorec.noise import PrivateNoise, private_noise
from neurorec.record import CHANNELS
from neurorec.rules.base import AbstractRule
from neurorec.seeds import entropy
from neurorec.trials import Trials
from neurorec.weights import Weights

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False)
class Trajectories:
    """What a network did in some trials.

    Attributes
    ----------
    outputs : (T, B, O) array
        y, before a softmax.
    states : dict of str to (T, B, N) array
        Every state of the cell, after each step.
    trials : Trials
        What was asked.
    loss : (B,) array
        Loss of each trial.
    """

    outputs: np.ndarray
    states: dict[str, np.ndarray]
    trials: Trials
    loss: np.ndarray

    def to_xarray(self) -> xarray.Dataset:
        """Named dimensions (time, trial, unit, output, input), time in seconds, conditions and names of channels as coordinates."""
        import xarray

        trials, over = self.trials, ("time", "trial")
        variables = {name: ((*over, "unit"), values, {"units": "1"}) for name, values in self.states.items()}
        channels = {"output": (self.outputs, "output"), "target": (trials.targets, "output"), "input": (trials.inputs, "input")}
        variables |= {name: ((*over, f"{last}_channel"), values, {"units": "1"}) for name, (values, last) in channels.items()}
        coordinates = {
            "time": ("time", trials.time, {"units": "s", "long_name": "time from trial start"}),
            "trial": np.arange(trials.count),
        }
        if trials.channels:
            coordinates["output_channel"] = list(trials.channels)
        conditions = {name: ("trial", values) for name, values in trials.conditions.items()}
        return xarray.Dataset({**variables, "loss": ("trial", self.loss), "mask": (over, trials.mask)}, {**coordinates, **conditions})


def simulate(
    network: AbstractNetwork,
    trials: Trials,
    engine: str | AbstractEngine = "numba",
    seed: int | None = 0,
    initial: np.ndarray | None = None,
) -> Trajectories:
    """Run a network through trials; nothing is learnt.

    Parameters
    ----------
    network : Network or ModuleNetwork
    trials : Trials
        With the network's number of inputs and outputs, and its dt.
    engine : str or engine
        From ``nr.names("engines")``.
    seed : int or None
        For the network's private noise.
    initial : (B, k N) or (k N,) array_like, optional
        State before the first step, instead of the network's own.

    Returns
    -------
    Trajectories

    Raises
    ------
    ShapeError, ValueRefused
        If trials and network do not fit.
    """
    runner = resolve("engines", engine)
    expect_taken(runner, network)
    fit(network, trials)
    given = stimulus(network, trials, runner.dtype, entropy(seed), state=start(network, trials.count, initial, runner.dtype))
    activity = runner.forward(network, Weights.of(network, runner.dtype), given)
    states = {name: activity.states[1:, i].copy() for i, name in enumerate(network.formula.states) if name in network.own_states}
    return Trajectories(activity.readout.copy(), states, trials, losses(activity.readout, trials))


def weight_change(
    network: AbstractNetwork,
    trials: Trials,
    rule: str | AbstractRule = "rflo",
    engine: str | AbstractEngine = "numba",
    feedback: str | AbstractFeedback | None = None,
    seed: int | None = 0,
) -> dict[str, np.ndarray]:
    """The change that a rule would make, summed over time and averaged over trials: for an exact rule -dL/dW.

    Parameters
    ----------
    network, trials, engine, seed
        As for `simulate`.
    rule : str or rule
        From ``nr.names("rules")``.
    feedback : str or feedback, optional
        From ``nr.names("feedbacks")``; None: the rule's own.

    Returns
    -------
    dict of str to array
        ``recurrent, input, readout, bias`` (of a torch module: its own weights, and ``readout``), shaped as the network's, each
        plastic parameter of the cell, (N,), and each free parameter of `recurrent`, shaped as in ``network.free``; zero where
        the rule changes nothing.
    """
    runner, law = resolve("engines", engine), resolve("rules", rule)
    check(runner, law, "trial", network)
    fit(network, trials)
    weights, given = Weights.of(network, runner.dtype), stimulus(network, trials, runner.dtype, entropy(seed))
    activity = runner.forward(network, weights, given)
    route = Route(law, resolve("feedbacks", feedback or law.feedback))
    change = runner.change(network, weights, given, activity, weighted_error(activity.readout, trials), route)
    found = {name: change.view(name) for name in change.spans if name not in ("feedback", "parameters", *network.learnt)}
    found |= {name: change.parameters[network.formula.parameters.index(name)] for name in network.formula.plastic}
    found = {name: value if law.may_change(name) else np.zeros_like(value) for name, value in found.items()}
    for name in found.keys() & change.spans.keys():
        change.view(name)[...] = found[name]
    mapping_of(network).pull(weights, change, law)
    return found | {name: change.view(name) for name in network.learnt}


def stimulus(
    network: AbstractNetwork,
    trials: Trials,
    dtype: Any,
    seed: int,
    first: int = 0,
    state: np.ndarray | None = None,
    noise_of: Callable[..., PrivateNoise | None] = private_noise,
) -> Stimulus:
    """What trials (the first of which has number `first`) give a network, in an engine's float type."""
    noise = noise_of(network, trials.steps, trials.count, seed, first)
    state = start(network, trials.count, None, dtype) if state is None else state
    return Stimulus(trials.inputs.astype(dtype), noise, state, trials.targets.astype(dtype), trials.weight.astype(dtype))


def start(network: AbstractNetwork, trials: int, initial: np.ndarray | None, dtype: Any) -> np.ndarray:
    """State before the first step, (k, B, N)."""
    given = network.initial if initial is None else real_array("initial", initial)
    if given.shape not in ((network.initial.size,), (trials, network.initial.size)):
        raise ShapeError(
            f"initial must have shape ({network.initial.size},) or ({trials}, {network.initial.size}), states stacked; got {given.shape}"
        )
    each = np.broadcast_to(given, (trials, network.initial.size)).reshape(trials, -1, network.units)
    return np.ascontiguousarray(each.transpose(1, 0, 2), dtype=dtype)


def recorded(name: str, network: AbstractNetwork, activity: Activity, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """What a recorded variable was at every step, (T, B, channel or unit): a channel, or one of the states."""
    if name in CHANNELS:
        return {"output": activity.readout, "input": inputs, "target": targets}[name]
    return activity.states[1:, network.formula.states.index(name)]


def losses(readout: np.ndarray, trials: Trials, loss: AbstractLoss | None = None) -> np.ndarray:
    """Loss of each trial, (B,); None: by the trials' own."""
    steps, count, outputs = readout.shape
    each = (loss or load("losses", trials.loss)()).value(
        readout.reshape(-1, outputs), trials.targets.reshape(-1, outputs).astype(readout.dtype)
    )
    return (each.reshape(steps, count) * trials.weight * count).sum(axis=0)


def weighted_error(readout: np.ndarray, trials: Trials, loss: AbstractLoss | None = None) -> np.ndarray:
    """Minus dL/dy, (T, B, O), in the readout's float type; None: of the trials' own loss."""
    outputs = readout.shape[2]
    targets = trials.targets.reshape(-1, outputs).astype(readout.dtype)
    error = (loss or load("losses", trials.loss)()).error(readout.reshape(-1, outputs), targets)
    return error.reshape(readout.shape) * trials.weight[..., None].astype(readout.dtype)


def fit(network: AbstractNetwork, trials: Trials) -> None:
    """Refuse trials that the network cannot be given."""
    for name, channels, have in (("inputs", trials.inputs.shape[2], network.inputs), ("targets", trials.targets.shape[2], network.outputs)):
        if channels != have:
            word = name.removesuffix("s") if name == "inputs" else "output"
            raise ShapeError(f"trials have {channels} channels of {name}, the network has {have}; make it with {word}s={channels}")
    if abs(trials.dt - network.dt) > 1e-9 * network.dt:
        raise ValueRefused(f"trials have dt = {trials.dt:g} s, the network {network.dt:g} s; give both the same dt")
