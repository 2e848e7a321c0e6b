"""One batch of trials after another: the part of a training that computes."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from neurorec.arrays import degrees
from neurorec.discovery import name_of
from neurorec.engines.base import Activity, Stimulus, UpdateSettings, check
from neurorec.engines.base.around import around
from neurorec.engines.base.residence import Pace
from neurorec.errors import DivergenceError
from neurorec.learning.feedbacks.symmetric import Symmetric
from neurorec.learning.rules.bptt import BPTT
from neurorec.learning.updates import expect_law
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.free_parameters import free_parameters_of
from neurorec.networks.plasticity import learning_rates
from neurorec.networks.weights import Weights, lower_bounds
from neurorec.random_numbers.noise import PrivateNoise, training_noise
from neurorec.simulation.loss import losses
from neurorec.simulation.stimulus import stimulus
from neurorec.tasks.base.trials import Trials
from neurorec.training.initial_state import STARTS
from neurorec.training.parts import Parts, named
from neurorec.training.sampled import Sampled
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
    residence : AbstractResidence
        Where the weights are, in the engine's float type, and what the optimiser remembers.
    updates : int
        Number of weight updates so far.
    start : AbstractStart
        The state in which the next trials begin.
    rates : (P,) array
        Learning rates of the first trial, before annealing.
    """

    def __init__(self, network: AbstractNetwork, parts: Parts, settings: TrainingSettings, rates: np.ndarray | None = None):
        self.network, self.parts, self.settings = network, parts, settings
        check(parts.engine, parts.rule, settings.schedule, network)
        self.engine: Any = around(parts.engine, network)
        free_parameters_of(network).expect_schedule(settings.schedule)
        expect_law(parts.optimiser)
        self.names, self.updates, self.batches = Weights.of(network, self.engine.dtype), 0, 0
        self.start = STARTS[settings.start](network, settings.batch, self.engine.dtype)
        even = learning_rates(network, parts.rule, parts.feedback, settings.rate)  # which refuses what cannot be trained
        self.rates = self.names.per_weight(network, even) if rates is None else rates.astype(self.engine.dtype)
        clip = np.inf if settings.clip is None else settings.clip
        self.update_settings = UpdateSettings(
            parts.rule,
            parts.feedback,
            parts.optimiser.among(network, self.names, tuple(name for name in even if name != "feedback"), settings.schedule),
            parts.loss,
            self.rates,
            clip,
            settings.weight_decay,
            lower_bounds(network, self.names),
            tuple(settings.uneven),
        )
        self.engine.expect(network, self.update_settings, settings.schedule)
        self.residence = self.engine.residence(network, self.names, self.update_settings)
        self.silence, self.sampled = Silence(network), Sampled(parts.task, settings.seed)
        self.exact, self.began = (BPTT(), Symmetric()), time.monotonic()

    def trials(self, first: int, n: int) -> Trials:
        """Trials number `first` and on, which mean something to the training's loss."""
        made = self.sampled.trials(first, n)
        if made.loss != name_of(self.parts.loss):
            self.update_settings.loss.expect(made.targets, made.mask)
        return made

    def noise(self, steps: int, trials: int, first: int) -> PrivateNoise | None:
        """Of trials number `first` and on."""
        return training_noise(self.network, steps, trials, self.settings.seed, first)

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
        self.batches, pace = first // self.settings.batch, Pace(self.updates, self.settings.rate_left(first))
        run = self._online if self.settings.schedule == "step" else self._at_the_end
        # A diverging network overflows before it is caught: that is the error raised below, not a warning.
        with np.errstate(over="ignore", invalid="ignore"):
            state = self.start.of(trials.count)
            given = stimulus(self.network, trials, self.engine.dtype, self.settings.seed, first, state, training_noise)
            activity, angle = run(trials, given, pace)
            loss = losses(activity.readout, trials, self.update_settings.loss)
        if not (self.residence.finite() and self._bearable(loss, trials)):
            self.residence.undo()
            raise DivergenceError(self._unstable(first, loss))
        updates = trials.steps if self.settings.schedule == "step" else 1
        if self.silence.possible:
            self.silence.saw(trials, activity, loss, self.residence.stood_still(updates))
        self.updates += updates
        self.start.ended(activity.states[-1])
        row = {
            "loss": loss,
            "alignment": np.full(trials.count, self.residence.alignment()),
            "seconds": np.full(trials.count, time.monotonic() - self.began),
        }
        return activity, row | ({"angle": np.full(trials.count, angle)} if self.settings.gradient_angle else {})

    @property
    def state(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights, (P,), and what the optimiser remembers, (S, P), as they are now."""
        return self.residence.state()

    def go_on_from(self, updates: int, vector: np.ndarray, slots: np.ndarray, start: np.ndarray) -> None:
        """Where an earlier training stopped: `updates`, `state`, and the vector of `start`."""
        self.updates, self.start.vector[...] = updates, start
        self.residence.restore(vector, slots)

    def trained(self) -> AbstractNetwork:
        """The network with the weights as they are now."""
        return self.names.like(self.state[0]).into(self.network)

    def _bearable(self, loss: np.ndarray, trials: Trials) -> bool:
        """Whether learning can come back from here: far beyond a silent network's loss every step makes things worse."""
        if np.nanmax(loss, initial=0) < UNBEARABLE and np.isfinite(loss).all():
            return True
        silent = losses(np.zeros_like(trials.targets), trials, self.update_settings.loss)
        return bool(np.isfinite(loss).all() and (loss < UNBEARABLE * (1 + silent)).all())

    def _at_the_end(self, trials: Trials, given: Stimulus, pace: Pace) -> tuple[Activity, float]:
        """Run trials with the weights standing still, then change them."""
        lesson = self._lesson(given)
        exact = self._exact(lesson)
        change = self.residence.change(*lesson, self.parts.rule, self.parts.feedback)
        angle = self._angle(change, exact, pace)
        self.residence.step(change, pace)
        return lesson[1], angle

    def _online(self, trials: Trials, given: Stimulus, pace: Pace) -> tuple[Activity, float]:
        """Change weights at every step; an angle is that at the weights with which the trial begins."""
        angle = self._angle_of_the_trial(trials, given, pace) if self._measures_angle() else np.nan
        return self.residence.online(given, pace), angle

    def _lesson(self, given: Stimulus) -> tuple[Stimulus, Activity, np.ndarray]:
        """Run trials with the weights standing still; what a residence's ``change`` takes."""
        activity = self.residence.forward(given)
        return given, activity, self.engine.error(activity.readout, given, self.update_settings.loss)

    def _measures_angle(self) -> bool:
        return bool(self.settings.gradient_angle) and self.batches % self.settings.gradient_angle == 0

    def _exact(self, lesson: tuple) -> np.ndarray | None:
        """The exact gradient, if the batch is one of those that measure an angle to it."""
        return self.residence.on_host(self.residence.change(*lesson, *self.exact)) if self._measures_angle() else None

    def _angle(self, change: Any, exact: np.ndarray | None, pace: Pace) -> float:
        """Degrees between the rule's change and the exact gradient, over the weights that move."""
        if exact is None:
            return np.nan
        moving = self.rates * pace.left > 0
        return degrees(self.residence.on_host(change)[moving], exact[moving])

    def _angle_of_the_trial(self, trials: Trials, given: Stimulus, pace: Pace) -> float:
        lesson = self._lesson(given)
        exact = self._exact(lesson)
        return self._angle(self.residence.change(*lesson, self.parts.rule, self.parts.feedback), exact, pace)

    def _ways_out(self) -> list[str]:
        return ways_out(self.parts.task, name_of(self.parts.task), self.settings, named(self.parts.optimiser))

    def _unstable(self, first: int, loss: np.ndarray) -> str:
        bad = int(np.argmax(np.nan_to_num(loss, nan=np.inf)))
        where = f"training became unstable at trial {first + bad + 1} (loss {loss[bad]:.3g})"
        return f"{where}; the weights of trial {first} are kept, try {', or '.join(self._ways_out())}"
