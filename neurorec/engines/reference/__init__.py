"""The definition: plain NumPy, float64, loops over time as the equations have them. Slow, and right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings, in_turn
from neurorec.engines.reference.adjoint import adjoint_change
from neurorec.engines.reference.filled import Filled
from neurorec.engines.reference.forward import forward
from neurorec.engines.reference.online import causal_change, online
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


class ReferenceEngine(AbstractEngine):
    """Local rules by their traces, RTRL by its influence, BPTT by its adjoint; every other engine is held to this one."""

    dtype = np.float64
    tolerance = 0.0
    offers = frozenset({"trial", "step"})
    sparse = True

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        return forward(network, Filled(network, weights).weights, stimulus)

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
        """Causally, unless the rule is full and runs against time."""
        filled = Filled(network, weights)
        if rule.through_units and rule.order == "backward":
            return filled.on_pattern(adjoint_change(network, filled.weights, stimulus, activity, error, feedback))
        return filled.on_pattern(causal_change(network, filled.weights, stimulus, activity, error, rule, feedback))

    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> Activity:
        """As the contract says."""
        filled = Filled(network, weights)
        state, settings = filled.learning(optimiser_state, update_settings)
        activity = online(network, filled.weights, stimulus, state, settings)
        filled.give_back(optimiser_state, state)
        return activity

    def expect(self, network: Network, update_settings: UpdateSettings, schedule: str) -> None:
        """It can run all that it offers."""

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says."""
        return in_turn(self, network, weights, stimuli)
