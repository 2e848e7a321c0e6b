"""Where the weights of a training live: in the host's memory, or where an engine computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from neurorec.arrays import cosine
from neurorec.learning.updates import apply
from neurorec.networks.free_parameters import free_parameters_of

if TYPE_CHECKING:
    from neurorec.engines.base import AbstractEngine, Activity, Stimulus, UpdateSettings
    from neurorec.engines.base.chunk import Batches, Learnt
    from neurorec.learning.feedbacks.base import AbstractFeedback
    from neurorec.learning.rules.base import AbstractRule
    from neurorec.networks.network import Network
    from neurorec.networks.weights import Weights

CLOSE = 1e-5  # relative: what float32 makes of many small decays in a row


class OptimiserState(NamedTuple):
    """What an optimiser remembers, (S, P), and how many updates it has made."""

    slots: np.ndarray
    count: int


class Pace(NamedTuple):
    """How many updates were made before a batch, and the share of the learning rates that is left."""

    count: int
    left: float


class AbstractResidence(ABC):
    """Weights, and what the optimiser remembers, from the first batch of a training to the last.

    An update is made, looked at, and undone if it is not to be; the host is given numbers where it asks for them.
    """

    @abstractmethod
    def forward(self, stimulus: Stimulus) -> Activity:
        """Run trials with the weights standing still, as `AbstractEngine.forward`."""

    @abstractmethod
    def change(self, stimulus: Stimulus, activity: Activity, error: np.ndarray, rule: AbstractRule, feedback: AbstractFeedback) -> Any:
        """What a rule wants of the weights, and of what they are made of; where the weights are, and valid until the next one is asked for."""

    @abstractmethod
    def on_host(self, change: Any) -> np.ndarray:
        """A change as an array, (P,)."""

    @abstractmethod
    def step(self, change: Any, pace: Pace) -> None:
        """Update the weights by a rule's change: clip, decay, the optimiser's step, keep in range."""

    @abstractmethod
    def online(self, stimulus: Stimulus, pace: Pace) -> Activity:
        """Run trials while weights change after every time step."""

    def chunks(self, schedule: str, steps: int, trials: int) -> bool:
        """Whether `chunk` learns from many batches of so many trials in one call."""
        del schedule, steps, trials
        return False

    def chunk(self, batches: Batches) -> Learnt:
        """Learn from many batches in a row, as `AbstractEngine.chunk`; `undo` goes back to before the first."""
        raise NotImplementedError(f"{type(self).__name__} has no chunks")

    @abstractmethod
    def undo(self) -> None:
        """Weights and the optimiser's memory as they were before the last `step`, `online` or `chunk`."""

    @abstractmethod
    def finite(self) -> bool:
        """Whether all weights are numbers."""

    @abstractmethod
    def stood_still(self, updates: int) -> bool:
        """Whether the last `step`, or the `updates` of `online`, moved none of the weights that may move, decay apart."""

    @abstractmethod
    def alignment(self) -> float:
        """Cosine of the angle between the transposed readout and the feedback weights (Murray 2019, Fig 2c)."""

    @abstractmethod
    def state(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights, (P,), and what the optimiser remembers, (S, P): to be read before the next batch."""

    @abstractmethod
    def restore(self, vector: np.ndarray, slots: np.ndarray) -> None:
        """Go on from what `state` gave."""


@final
class HostResidence(AbstractResidence):
    """In the host's memory: the engine is handed the weights, and NumPy takes the optimiser's steps.

    Parameters
    ----------
    engine : AbstractEngine
    network : Network or ModuleNetwork
    weights : Weights
        Of the network, in the engine's float type; they change in place.
    update_settings : UpdateSettings
    """

    def __init__(self, engine: AbstractEngine, network: Network, weights: Weights, update_settings: UpdateSettings):
        self.engine, self.network, self.weights, self.update_settings = engine, network, weights, update_settings
        self.free_parameters, self._now = free_parameters_of(network), update_settings
        self.slots = np.zeros((len(update_settings.optimiser.slots), weights.vector.size), weights.vector.dtype)
        self._before = weights.vector.copy(), self.slots.copy()

    def forward(self, stimulus: Stimulus) -> Activity:
        """By the engine."""
        return self.engine.forward(self.network, self.weights, stimulus)

    def change(self, stimulus: Stimulus, activity: Activity, error: np.ndarray, rule: AbstractRule, feedback: AbstractFeedback) -> Weights:
        """By the engine, and back through the map of a parametrised network."""
        change = self.engine.change(self.network, self.weights, stimulus, activity, error, rule, feedback)
        self.free_parameters.pull_back(self.weights, change, rule)
        return change

    def on_host(self, change: Weights) -> np.ndarray:
        """It is."""
        return change.vector

    def step(self, change: Weights, pace: Pace) -> None:
        """As the contract says."""
        self._begin(pace)
        apply(self.weights.vector, change.vector, self.slots, pace.count + 1, self._now)
        self.free_parameters.recompute(self.weights)

    def online(self, stimulus: Stimulus, pace: Pace) -> Activity:
        """By the engine."""
        self._begin(pace)
        return self.engine.online(self.network, self.weights, stimulus, OptimiserState(self.slots, pace.count), self._now)

    def chunks(self, schedule: str, steps: int, trials: int) -> bool:
        """As the engine says, where weights are learnt themselves."""
        plain = self.free_parameters.none
        return plain and self.engine.chunks(self.network, self.update_settings, schedule, steps, trials)

    def chunk(self, batches: Batches) -> Learnt:
        """By the engine."""
        self._keep()
        state = OptimiserState(self.slots, batches.count)
        return self.engine.chunk(self.network, self.weights, batches, state, self.update_settings)

    def _begin(self, pace: Pace) -> None:
        """Keep what is there, and anneal the rates."""
        self._keep()
        rates = self.update_settings.rates
        self._now = replace(self.update_settings, rates=rates * rates.dtype.type(pace.left))

    def _keep(self) -> None:
        for kept, now in zip(self._before, (self.weights.vector, self.slots), strict=True):
            np.copyto(kept, now)

    def undo(self) -> None:
        """As the contract says."""
        self.restore(*self._before)

    def finite(self) -> bool:
        """As the contract says."""
        return bool(np.isfinite(self.weights.vector).all())

    def stood_still(self, updates: int) -> bool:
        """As the contract says."""
        rates, decay = self._now.rates, self._now.decay
        mine, (before, _) = rates > 0, self._before
        left = (1 - rates[mine] * decay) ** updates
        return bool(mine.any()) and np.allclose(self.weights.vector[mine], before[mine] * left, rtol=CLOSE if decay else 0, atol=0)

    def alignment(self) -> float:
        """As the contract says."""
        return cosine(self.weights.readout.T, self.weights.feedback)

    def state(self) -> tuple[np.ndarray, np.ndarray]:
        """The arrays themselves."""
        return self.weights.vector, self.slots

    def restore(self, vector: np.ndarray, slots: np.ndarray) -> None:
        """As the contract says."""
        self.weights.vector[...], self.slots[...] = vector, slots
