"""One batch of trials after another: the part of a training that computes."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np

from neurorec.arrays import cosine, degrees
from neurorec.discovery import name_of
from neurorec.engines.base import Activity, Memory, Route, Stimulus, Teaching, check
from neurorec.errors import DivergenceError
from neurorec.learning.feedbacks.symmetric import Symmetric
from neurorec.learning.rules.bptt import BPTT
from neurorec.learning.updates import apply
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.free_parameters import free_parameters_of
from neurorec.networks.plasticity import learning_rates
from neurorec.networks.weights import Weights, lower_bounds
from neurorec.random_numbers.noise import training_noise
from neurorec.simulation.loss import losses, weighted_error
from neurorec.simulation.stimulus import stimulus
from neurorec.tasks.base.trials import Trials
from neurorec.training.initial_state import STARTS
from neurorec.training.parts import Parts
from neurorec.training.settings import TrainingSettings, ways_out
from neurorec.training.silence import Silence

UNBEARABLE = 1e4  # times the loss of a silent network


class Trainer:
    """A network that learns, batch by batch.

    Parameters
    ----------
    network : Network or ModuleNetwork
        As it was before training.
    parts : Parts
        Task, rule, engine, feedback, optimiser, loss.
    settings : TrainingSettings
        Everything else.
    rates : (P,) array, optional
        Learning rate of every weight, where the settings say that they are uneven.

    Attributes
    ----------
    weights : Weights
        As they are now, in the engine's float type.
    slots : (S, P) array
        What the optimiser remembers.
    updates : int
        Number of weight updates so far.
    start : AbstractStart
        The state in which the next trials begin.
    rates : (P,) array
        Learning rates of the first trial, before annealing.
    """

    def __init__(self, network: AbstractNetwork, parts: Parts, settings: TrainingSettings, rates: np.ndarray | None = None):
        self.network, self.parts, self.settings = network, parts, settings
        self.engine: Any = parts.engine  # which takes this network, or `check` refuses
        check(parts.engine, parts.rule, settings.schedule, network)
        self.free_parameters = free_parameters_of(network)
        self.free_parameters.expect_schedule(settings.schedule)
        self.weights, self.updates, self.batches = Weights.of(network, self.engine.dtype), 0, 0
        self.start = STARTS[settings.start](network, settings.batch, self.engine.dtype)
        self.slots = np.zeros((len(parts.optimiser.slots), self.weights.vector.size), self.engine.dtype)
        even = learning_rates(network, parts.rule, parts.feedback, settings.rate)  # which refuses what cannot be trained
        self.rates = self.weights.per_weight(network, even) if rates is None else rates.astype(self.engine.dtype)
        clip = np.inf if settings.clip is None else settings.clip
        self.teaching = Teaching(
            Route(parts.rule, parts.feedback),
            parts.optimiser,
            parts.loss,
            self.rates,
            clip,
            settings.weight_decay,
            lower_bounds(network, self.weights),
            tuple(settings.uneven),
        )
        self.engine.expect(network, self.teaching, settings.schedule)
        self.silence = Silence(network)
        self.exact, self.began = Route(BPTT(), Symmetric()), time.monotonic()

    def trials(self, first: int, n: int) -> Trials:
        """Trials number `first` and on, which mean something to the training's loss."""
        made = self.parts.task.trials(n, self.settings.seed, first)
        if made.loss != name_of(self.parts.loss):
            self.teaching.loss.expect(made.targets, made.mask)
        return made

    def learn(self, trials: Trials, first: int) -> tuple[Activity, dict[str, np.ndarray]]:
        """Run some trials side by side and learn from them.

        Returns
        -------
        Activity
            What the network did.
        dict of str to (B,) array
            A row of the log for each trial.

        Raises
        ------
        DivergenceError
            If a number is no longer finite; the weights are those of before.
        """
        self.batches = first // self.settings.batch
        self.teaching = dataclasses.replace(self.teaching, rates=self.rates * self.rates.dtype.type(self.settings.rate_left(first)))
        run = self._online if self.settings.schedule == "step" else self._at_the_end
        # A diverging network overflows before it is caught: that is the error raised below, not a warning.
        with np.errstate(over="ignore", invalid="ignore"):
            state = self.start.of(trials.count)
            given = stimulus(self.network, trials, self.engine.dtype, self.settings.seed, first, state, training_noise)
            moved, slots, activity, angle = run(trials, given)
            loss = losses(activity.readout, trials, self.teaching.loss)
        if not (np.isfinite(moved).all() and self._bearable(loss, trials)):
            raise DivergenceError(self._unstable(first, loss))
        updates = trials.steps if self.settings.schedule == "step" else 1
        if self.silence.possible:
            self.silence.saw(trials, activity, loss, self._stood_still(moved, updates))
        self.updates += updates
        self.weights.vector[...], self.slots = moved, slots
        self.start.ended(activity.states[-1])
        row = {
            "loss": loss,
            "alignment": np.full(trials.count, self.alignment),
            "seconds": np.full(trials.count, time.monotonic() - self.began),
        }
        return activity, row | ({"angle": np.full(trials.count, angle)} if self.settings.gradient_angle else {})

    @property
    def alignment(self) -> float:
        """<Wout^T, B> / (|Wout| |B|), of the readout and the network's feedback weights (Murray 2019, Fig 2c)."""
        return cosine(self.weights.readout.T, self.weights.feedback)

    def trained(self) -> AbstractNetwork:
        """The network with the weights as they are now."""
        return self.weights.into(self.network)

    def _bearable(self, loss: np.ndarray, trials: Trials) -> bool:
        """Whether learning can come back from here: far beyond a silent network's loss every step makes things worse."""
        if np.nanmax(loss, initial=0) < UNBEARABLE and np.isfinite(loss).all():
            return True
        silent = losses(np.zeros_like(trials.targets), trials, self.teaching.loss)
        return bool(np.isfinite(loss).all() and (loss < UNBEARABLE * (1 + silent)).all())

    def _stood_still(self, moved: np.ndarray, updates: int) -> bool:
        """Whether none of the weights that may change did, decay apart."""
        rates, decay, mine = self.teaching.rates, self.teaching.decay, self.teaching.rates > 0
        left = (1 - rates[mine] * decay) ** updates
        return bool(mine.any()) and np.allclose(moved[mine], self.weights.vector[mine] * left, rtol=1e-5 if decay else 0, atol=0)

    def _at_the_end(self, trials: Trials, given: Stimulus) -> tuple[np.ndarray, np.ndarray, Activity, float]:
        activity, arguments = self._lesson(trials, given)
        change = self._change(arguments, self.teaching.route)
        angle = self._angle(change, arguments)
        moved, slots = self.weights.like(self.weights.vector.copy()), self.slots.copy()
        apply(moved.vector, change.vector, slots, self.updates + 1, self.teaching)
        self.free_parameters.recompute(moved)
        return moved.vector, slots, activity, angle

    def _online(self, trials: Trials, given: Stimulus) -> tuple[np.ndarray, np.ndarray, Activity, float]:
        moved, slots = self.weights.like(self.weights.vector.copy()), self.slots.copy()
        activity = self.engine.online(self.network, moved, given, Memory(slots, self.updates), self.teaching)
        angle = self._angle_of_the_trial(trials, given) if self._measures_angle() else np.nan
        return moved.vector, slots, activity, angle

    def _lesson(self, trials: Trials, given: Stimulus) -> tuple[Activity, tuple]:
        """Run trials with the weights standing still; the activity, and what an engine's ``change`` takes."""
        activity = self.engine.forward(self.network, self.weights, given)
        return activity, (self.network, self.weights, given, activity, weighted_error(activity.readout, trials, self.teaching.loss))

    def _change(self, arguments: tuple, route: Route) -> Weights:
        """What a rule wants of the weights, and of what they are made of."""
        change = self.engine.change(*arguments, route)
        self.free_parameters.pull_back(self.weights, change, route.rule)
        return change

    def _measures_angle(self) -> bool:
        return bool(self.settings.gradient_angle) and self.batches % self.settings.gradient_angle == 0

    def _angle(self, change: Weights, arguments: tuple) -> float:
        """Degrees between the rule's change and the exact gradient, over the weights that move."""
        if not self._measures_angle():
            return np.nan
        exact = self._change(arguments, self.exact)
        moving = self.teaching.rates > 0
        return degrees(change.vector[moving], exact.vector[moving])

    def _angle_of_the_trial(self, trials: Trials, given: Stimulus) -> float:
        """As `_angle`, at the weights the trial began with."""
        _, arguments = self._lesson(trials, given)
        return self._angle(self._change(arguments, self.teaching.route), arguments)

    def _ways_out(self) -> list[str]:
        return ways_out(self.parts.task, name_of(self.parts.task), self.settings, name_of(self.parts.optimiser))

    def _unstable(self, first: int, loss: np.ndarray) -> str:
        bad = int(np.argmax(np.nan_to_num(loss, nan=np.inf)))
        where = f"training became unstable at trial {first + bad + 1} (loss {loss[bad]:.3g})"
        return f"{where}; the weights of trial {first} are kept, try {', or '.join(self._ways_out())}"
