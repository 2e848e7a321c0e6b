"""What engines are given, and what they hand back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.learning.rules.base import AbstractRule
from neurorec.random_numbers.noise import PrivateNoise


@dataclass(frozen=True)
class Activity:
    """What units did during some trials; index 0 of `states` and `emitted` is the initial state.

    Valid until the same thread's next call of the engine, which may use the same memory; threads may share an engine.

    Attributes
    ----------
    states : (T + 1, k, B, N) array
    drives : (T, ports, B, N) array
        What reached each drive argument of the formula.
    emitted : (T + 1, K, B, N) array
        What other units saw.
    readout : (T, B, O) array
        y(t) = readout o(t).
    """

    states: np.ndarray
    drives: np.ndarray
    emitted: np.ndarray
    readout: np.ndarray


@dataclass(frozen=True)
class Stimulus:
    """What some trials give a network, in the engine's float type.

    Attributes
    ----------
    inputs : (T, B, I) array
    noise : PrivateNoise or None
    initial : (k, B, N) array
        State before the first step.
    targets : (T, B, O) array
    loss_weight : (T, B) array
        Each step's share of the loss, as `neurorec.tasks.base.trials.Trials.weight`.
    """

    inputs: np.ndarray
    noise: PrivateNoise | None
    initial: np.ndarray
    targets: np.ndarray
    loss_weight: np.ndarray


@dataclass(frozen=True)
class UpdateSettings:
    """How weights change: the rule, the pathway of the error, and the size of a step.

    Attributes
    ----------
    rule : AbstractRule
    feedback : AbstractFeedback
        How the error reaches the units.
    optimiser : AbstractOptimiser
    loss : AbstractLoss
    rates : (P,) array
        Learning rate of every weight.
    clip : float
        Largest norm of a change, over all plastic weights; infinite for none.
    decay : float
        Weights shrink by ``rate * decay`` at every update.
    lower_bounds : (P,) array
        Smallest value of every weight: a plastic time constant stays at or above dt, a clipped strength at or above zero.
    uneven : tuple of str
        Weights whose synapses have rates of their own, or of which only some are plastic.
    """

    rule: AbstractRule
    feedback: AbstractFeedback
    optimiser: AbstractOptimiser
    loss: Any
    rates: np.ndarray
    clip: float
    decay: float
    lower_bounds: np.ndarray
    uneven: tuple[str, ...] = ()
