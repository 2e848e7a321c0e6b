"""One engine per file; what a user asks of them: simulate, and the change that a rule would make."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.arrays import real_array
from neurorec.discovery import load, resolve
from neurorec.display import AbstractDisplayed, Rows, called, several, shape, some, span
from neurorec.engines.base import AbstractEngine, Activity, Route, Stimulus, check, expect_taken
from neurorec.errors import NotOffered, ShapeError, ValueRefused
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.losses.base import AbstractLoss
from neurorec.networks.mapping import mapping_of
from neurorec.process.memory import expect_memory
from neurorec.random_numbers.noise import PrivateNoise, private_noise
from neurorec.runs.record import CHANNELS
from neurorec.learning.rules.base import AbstractRule
from neurorec.random_numbers.seeds import entropy
from neurorec.tasks.base.trials import AbstractTask, Trials
from neurorec.networks.weights import Weights

if TYPE_CHECKING:
    import xarray

DRAWN = 10  # trials of a task, where the user does not say how many


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories(AbstractDisplayed):
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
        Loss of each trial; NaN where nothing was asked.
    """

    outputs: np.ndarray
    states: dict[str, np.ndarray]
    trials: Trials
    loss: np.ndarray

    def to_xarray(self) -> xarray.Dataset:
        """Named dimensions (time, trial, unit, output, input), time in seconds, conditions and names of channels as coordinates.

        Where nothing was asked there is no ``target``, ``loss`` or ``mask``.
        """
        import xarray

        trials, over = self.trials, ("time", "trial")
        variables = {name: ((*over, "unit"), values, {"units": "1"}) for name, values in self.states.items()}
        asked = {"target": (trials.targets, "output")} if trials.asked else {}
        channels = {"output": (self.outputs, "output"), **asked, "input": (trials.inputs, "input")}
        variables |= {name: ((*over, f"{last}_channel"), values, {"units": "1"}) for name, (values, last) in channels.items()}
        coordinates = {
            "time": ("time", trials.time, {"units": "s", "long_name": "time from trial start"}),
            "trial": np.arange(trials.count),
        }
        if trials.channels:
            coordinates["output_channel"] = list(trials.channels)
        conditions = {name: ("trial", values) for name, values in trials.conditions.items()}
        compared = {"loss": ("trial", self.loss), "mask": (over, trials.mask)} if trials.asked else {}
        return xarray.Dataset({**variables, **compared}, {**coordinates, **conditions})

    def _display(self) -> tuple[str, Rows]:
        trials, told = self.trials, self.trials.conditions
        rows = [(name, f"{shape(array)}, {span(array)}") for name, array in {"outputs": self.outputs, **self.states}.items()]
        rows += (
            [("loss", f"{trials.loss}, {self.loss.mean():.4g} on average, {span(self.loss)}")] if trials.asked else [("targets", "none")]
        )
        head = f"{some(trials.count, 'trial')} of {trials.steps * trials.dt:g} s, {some(trials.steps, 'step')} of {trials.dt:g} s"
        return head, [*rows, *([("conditions", several(told))] if told else [])]


def simulate(
    network: AbstractNetwork,
    trials: Trials | AbstractTask | str | np.ndarray,
    engine: str | AbstractEngine = "numba",
    seed: int | None = 0,
    initial: np.ndarray | None = None,
    *,
    n: int = DRAWN,
) -> Trajectories:
    """Run a network through trials; nothing is learnt.

    Parameters
    ----------
    network : Network or ModuleNetwork
    trials : Trials, task, name of a task, or (T, B, I) or (T, I) array_like
        With the network's number of inputs and outputs, and its dt. Of a task, `n` trials are drawn. An array is what the
        network hears, at its dt; then nothing is asked, and there is no loss.
    engine : str or engine
        From ``nr.names("engines")``.
    seed : int or None
        For the network's private noise, and for the trials that are drawn; a training with the same seed learns from these.
    initial : (B, k N) or (k N,) array_like, optional
        State before the first step, instead of the network's own.
    n : int
        How many trials of a task.

    Returns
    -------
    Trajectories
        Its ``trials`` are those it was given, or that were drawn.

    Raises
    ------
    ShapeError, ValueRefused, UnknownName
        If trials and network do not fit, or the states do not fit into memory.
    """
    if not isinstance(network, AbstractNetwork):
        raise NotOffered(f"{called(network)} is no network; pass a network first, then what it is to be given")
    runner, root = resolve("engines", engine), entropy(seed)
    expect_taken(runner, network)
    trials = _as_trials(trials, network, n, root)
    fit(network, trials, asked=trials.asked)
    numbers = trials.steps * trials.count * (2 * network.initial.size + network.inputs + 2 * network.outputs)  # computed, then copied
    expect_memory(np.dtype(runner.dtype).itemsize * numbers, "the simulation", "use fewer trials or steps, or nr.stream, into a file")
    given = stimulus(network, trials, runner.dtype, root, state=start(network, trials.count, initial, runner.dtype))
    activity = runner.forward(network, Weights.of(network, runner.dtype), given)
    states = {name: activity.states[1:, i].copy() for i, name in enumerate(network.formula.states) if name in network.own_states}
    return Trajectories(
        activity.readout.copy(), states, trials, losses(activity.readout, trials) if trials.asked else np.full(trials.count, np.nan)
    )


def _as_trials(given: Trials | AbstractTask | str | np.ndarray, network: AbstractNetwork, n: int, seed: int) -> Trials:
    """Trials as they are, those that a task draws, or inputs of which nothing is asked."""
    if isinstance(given, Trials):
        return given
    if isinstance(given, str | AbstractTask) or inspect.isclass(given):
        return resolve("tasks", given).trials(n, seed)
    return Trials(given, dt=network.dt)


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
    return Stimulus(trials.inputs.astype(dtype), noise, state, targets(network, trials).astype(dtype), trials.weight.astype(dtype))


def targets(network: AbstractNetwork, trials: Trials) -> np.ndarray:
    """What is asked, (T, B, O); zeros where nothing is, which engines take all the same."""
    return trials.targets if trials.asked else np.zeros((trials.steps, trials.count, network.outputs))


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


def fit(network: AbstractNetwork, trials: Trials, asked: bool = True) -> None:
    """Refuse trials that the network cannot be given, or, if something must be `asked` of it, cannot answer."""
    if asked and not trials.asked:
        raise ValueRefused(
            "these trials have no targets, so there is nothing to learn or compare; make them with nr.Trials(inputs, targets)"
        )
    compared = [("targets", trials.targets.shape[2], network.outputs)] if asked else []
    for name, channels, have in [("inputs", trials.inputs.shape[2], network.inputs), *compared]:
        if channels != have:
            word = name.removesuffix("s") if name == "inputs" else "output"
            raise ShapeError(f"trials have {channels} channels of {name}, the network has {have}; make it with {word}s={channels}")
    if abs(trials.dt - network.dt) > 1e-9 * network.dt:
        raise ValueRefused(f"trials have dt = {trials.dt:g} s, the network {network.dt:g} s; give both the same dt")
