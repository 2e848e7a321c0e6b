"""What is timed: a leaky tanh network of one size that runs random trials and learns from them."""

from __future__ import annotations

import numpy as np

from neurorec.discovery import load, resolve
from neurorec.engines.base import Activity, OptimiserState, UpdateSettings
from neurorec.learning.optimisers.sgd import SGD
from neurorec.networks.network import Network
from neurorec.networks.plasticity import learning_rates
from neurorec.networks.weights import Weights, lower_bounds
from neurorec.simulation.loss import weighted_error
from neurorec.simulation.stimulus import stimulus
from neurorec.tasks.base.trials import Trials

RATE = 1e-6  # so small that weights that change at every step stay the same, however often the work is repeated


class Workload:
    """One size: a network, random trials, an engine.

    Parameters
    ----------
    units, n_trials, steps : int
        N, B, T. Inputs and outputs are one each: the recurrent weights are the work.
    engine : str
    seed : int
        Of network and trials.
    network : Network, optional
        Another than the usual one, with one input and one output.
    """

    def __init__(self, units: int, n_trials: int, steps: int, engine: str = "numba", seed: int = 0, network: Network | None = None):
        rng = np.random.default_rng(seed)
        shape = (steps, n_trials, 1)
        self.trials = Trials(rng.standard_normal(shape), rng.standard_normal(shape))
        self.network = Network.random(1, units, 1, seed=seed) if network is None else network
        self.engine = resolve("engines", engine)
        self.weights = Weights.of(self.network, self.engine.dtype)
        self.stimulus = stimulus(self.network, self.trials, self.engine.dtype, seed)
        self._settings: dict[tuple[str, float], UpdateSettings] = {}  # made once, as in a training

    def forward(self) -> Activity:
        """Run the trials."""
        return self.engine.forward(self.network, self.weights, self.stimulus)

    def update(self, rule: str) -> Weights:
        """Run the trials and evaluate a rule: all of an update but the optimiser's step."""
        chosen, activity = resolve("rules", rule), self.forward()
        feedback, error = resolve("feedbacks", chosen.feedback), weighted_error(activity.readout, self.trials)
        return self.engine.change(self.network, self.weights, self.stimulus, activity, error, chosen, feedback)

    def online(self, rule: str, rate: float = RATE) -> Activity:
        """Run the trials with weights that change at every step."""
        no_past = OptimiserState(np.empty((0, self.weights.vector.size), self.engine.dtype), 0)
        if (rule, rate) not in self._settings:
            self._settings[rule, rate] = self._update_settings(rule, rate)
        return self.engine.online(self.network, self.weights, self.stimulus, no_past, self._settings[rule, rate])

    def _update_settings(self, rule: str, rate: float) -> UpdateSettings:
        chosen = resolve("rules", rule)
        feedback = resolve("feedbacks", chosen.feedback)
        rates = self.weights.per_weight(self.network, learning_rates(self.network, chosen, feedback, rate)).astype(self.engine.dtype)
        loss, smallest = load("losses", "mse")(), lower_bounds(self.network, self.weights)
        return UpdateSettings(chosen, feedback, SGD(), loss, rates, np.inf, 0.0, smallest)


def deviation(units: int, n_trials: int, rule: str, steps: int = 5, engine: str = "numba") -> float:
    """Largest difference of an update from the float64 reference, relative to the largest entry; on a few steps, as the reference is slow."""
    ours, theirs = (Workload(units, n_trials, steps, each).update(rule).vector for each in (engine, "reference"))
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def online_deviation(units: int, rule: str, steps: int = 5, engine: str = "numba") -> float:
    """As `deviation`, of the change of the weights over a trial in which they change at every step."""
    ours, theirs = (weight_movement(Workload(units, 1, steps, each), rule).vector for each in (engine, "reference"))
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def weight_movement(work: Workload, rule: str, rate: float = 0.1) -> Weights:
    """Change of the weights over a trial in which they change at every step, at a large rate: small changes are lost in float32's rounding."""
    before = work.weights.vector.copy()
    work.online(rule, rate)
    return work.weights.like(work.weights.vector - before)
