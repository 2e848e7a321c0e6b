"""The definition: plain NumPy, float64, loops over time as the equations have them. Slow, and right."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, Teaching
from neurorec.engines.reference.adjoint import adjoint_change
from neurorec.engines.reference.forward import forward
from neurorec.engines.reference.online import causal_change, online
from neurorec.feedbacks.base import AbstractFeedback
from neurorec.network import Network
from neurorec.rules.base import AbstractRule
from neurorec.weights import Weights


class ReferenceEngine(AbstractEngine):
    """Local rules by their traces, RTRL by its influence, BPTT by its adjoint; every other engine is held to this one."""

    dtype = np.float64
    tolerance = 0.0
    offers = frozenset({"trial", "step"})

    def forward(self, network: Network, weights: Weights, inputs: np.ndarray, noise: np.ndarray | None, initial: np.ndarray) -> Activity:
        """As the contract says."""
        return forward(network, weights, inputs, noise, initial)

    def change(
        self,
        network: Network,
        weights: Weights,
        activity: Activity,
        inputs: np.ndarray,
        error: np.ndarray,
        rule: AbstractRule,
        feedback: AbstractFeedback,
    ) -> Weights:
        """Causally, unless the rule is full and runs against time."""
        backwards = rule.influence == "full" and rule.order == "backward"
        evaluate = adjoint_change if backwards else causal_change
        return evaluate(network, weights, activity, inputs, error, rule, feedback)

    def online(self, network: Network, weights: Weights, slots: np.ndarray, count: int, inputs: np.ndarray, noise: np.ndarray | None,
               initial: np.ndarray, targets: np.ndarray, share: np.ndarray, teaching: Teaching) -> Activity:  # fmt: skip
        """As the contract says."""
        return online(network, weights, slots, count, inputs, noise, initial, targets, share, teaching)
