"""What a model has around its recurrence, for every engine at once: a filter behind the readout, and a cost of units' mean activity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NoReturn, final

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings
from neurorec.errors import NotOffered
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.feedbacks.random import Random
from neurorec.learning.losses.base import AbstractLoss
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


def around(engine: AbstractEngine, network: AbstractNetwork) -> Any:
    """The engine, which was found to take the network; or where the network has a readout filter or a cost of activity, one that adds them to what it does."""
    return EngineAround(engine) if network.readout_tau or network.activity_cost else engine


@final
class EngineAround(AbstractEngine):
    """An engine between a readout filter and a cost of activity, both of the network it is given.

    Both are linear in what the engine does, so that they are exact for every rule: what it reads out is filtered, with time; the error
    that it is given is filtered against time. The cost asks the same of a unit at every step of a trial, as a readout channel of that trial
    would whose error is 1 and whose feedback weights are what the cost asks of each unit; the engine is given one such channel a trial.

    Parameters
    ----------
    engine : AbstractEngine
    """

    offers = frozenset({"trial"})

    def __init__(self, engine: AbstractEngine):
        self.engine, self.dtype, self.tolerance = engine, engine.dtype, engine.tolerance
        self._wider: tuple[AbstractNetwork, Network, Weights] | None = None
        self._both = np.empty((0, 0, 0), self.dtype)

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """The engine's, with the filter's outputs for the readout."""
        activity = self.engine.forward(network, weights, stimulus)
        return replace(activity, readout=_filtered(activity.readout, network)[0])

    def completed(self, activity: Activity, which: np.ndarray) -> Activity:
        """By the engine."""
        return self.engine.completed(activity, which)

    def change(
        self,
        network: Network,
        weights: Weights,
        stimulus: Stimulus,
        activity: Activity,
        error: np.ndarray,
        rule: AbstractRule,
        feedback: AbstractFeedback,
    ) -> Weights:
        """The engine's, of the error as it is before the filter, and of the cost."""
        before = np.ascontiguousarray(_filtered(error[::-1], network)[0][::-1])
        if not network.activity_cost:
            return self.engine.change(network, weights, stimulus, activity, before, rule, feedback)
        asked = asked_by_cost(network, activity)
        wider, more = self._with_channels(network, weights, feedback.element(weights.readout.T, weights.feedback), asked)
        return _without_channels(self.engine.change(wider, more, stimulus, activity, self._with_errors(before), rule, Random()), weights)

    def error(self, readout: np.ndarray, stimulus: Stimulus, loss: AbstractLoss) -> np.ndarray:
        """By the engine."""
        return self.engine.error(readout, stimulus, loss)

    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> NoReturn:
        """Refused: what a step's outputs and spikes cost is known when the trial is over."""
        raise NotOffered("a readout filter and a cost of activity need whole trials; use update='trial'")

    def expect(self, network: Network, update_settings: UpdateSettings, schedule: str) -> None:
        """What the engine refuses."""
        self.engine.expect(network, update_settings, schedule)

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """The engine's, through a filter that goes on from window to window."""
        state = None
        for activity in self.engine.stream(network, weights, stimuli):
            readout, state = _filtered(activity.readout, network, state)
            yield replace(activity, readout=readout)

    def _with_errors(self, before: np.ndarray) -> np.ndarray:
        """Errors (T, B, O + B) of a readout and of the channels behind it: 1 in that of each trial. What stands still is written once."""
        steps, trials, channels = before.shape
        if self._both.shape != (steps, trials, channels + trials):
            self._both = np.zeros((steps, trials, channels + trials), self.dtype)
            self._both[:, np.arange(trials), channels + np.arange(trials)] = 1
        self._both[..., :channels] = before
        return self._both

    def _with_channels(self, network: Network, weights: Weights, back: np.ndarray, asked: np.ndarray) -> tuple[Network, Weights]:
        """The network with a readout channel more for each trial, and its weights: `back` and `asked`, (B, K N), are what errors go through."""
        channels = network.outputs + len(asked)
        if self._wider is None or self._wider[0] is not network or self._wider[1].outputs != channels:
            room = np.zeros((channels, network.readout.shape[1]))
            made = network.replace(readout=room, feedback=room.T)
            self._wider = network, made, Weights.of(made, self.dtype)
        _, wider, more = self._wider
        for name in weights.spans.keys() - {"readout", "feedback"}:
            more.view(name)[...] = weights.view(name)
        more.readout[: network.outputs] = weights.readout
        more.feedback[:, : network.outputs], more.feedback[:, network.outputs :] = back, asked.T
        return wider, more


def asked_by_cost(network: Network, activity: Activity) -> np.ndarray:
    """Minus the derivative of a batch's mean cost by the outputs of every unit at any step, (B, K N)."""
    steps, _, trials, _ = activity.emitted[1:].shape
    off = activity.emitted[1:].mean(axis=0) - network.activity_target  # (K, B, N)
    return -(network.activity_cost / (steps * trials)) * off.transpose(1, 0, 2).reshape(trials, -1)


def _without_channels(change: Weights, weights: Weights) -> Weights:
    own, outputs = weights.zeros(), len(weights.readout)
    for name in weights.spans.keys() - {"readout", "feedback"}:
        own.view(name)[...] = change.view(name)
    own.readout[...], own.feedback[...] = change.readout[:outputs], change.feedback[:, :outputs]
    return own


def _filtered(over_time: np.ndarray, network: Network, state: Any = None) -> tuple[np.ndarray, Any]:
    """y(t) = kappa y(t-1) + (1 - kappa) x(t), and the filter's state at the end; before the first step y is 0."""
    from scipy.signal import lfilter

    if not network.readout_tau:
        return over_time, None
    kappa = np.exp(-network.dt / network.readout_tau)
    state = np.zeros((1, *over_time.shape[1:])) if state is None else state
    found, state = lfilter([1 - kappa], [1, -kappa], over_time, axis=0, zi=state)
    return found.astype(over_time.dtype), state
