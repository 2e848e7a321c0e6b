"""The rows of a training in the memory of their rank, and the few answers on which ranks must agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from neurorec.engines.base.residence import AbstractResidence, HostResidence, Pace
from neurorec.networks.block import BY_UNIT

if TYPE_CHECKING:
    from neurorec.engines.base import AbstractEngine, Activity, Stimulus, UpdateSettings
    from neurorec.learning.feedbacks.base import AbstractFeedback
    from neurorec.learning.rules.base import AbstractRule
    from neurorec.networks.weights import Weights


@final
class RanksResidence(AbstractResidence):
    """As `HostResidence`, of the rows of one rank; a clip is by the norm of the change of all rows, and trouble of one is trouble of all.

    Parameters
    ----------
    engine : AbstractEngine
    network : Network or Block
    weights : Weights
    update_settings : UpdateSettings
    share : Share
        Which units are here.
    """

    def __init__(self, engine: AbstractEngine, network: Any, weights: Weights, update_settings: UpdateSettings, share: Any):
        self._own = HostResidence(engine, network, weights, replace(update_settings, clip=np.inf))
        self._network, self._settings, self._share = network, update_settings, share

    def forward(self, stimulus: Stimulus) -> Activity:
        """By the engine."""
        return self._own.forward(stimulus)

    def change(self, stimulus: Stimulus, activity: Activity, error: np.ndarray, rule: AbstractRule, feedback: AbstractFeedback) -> Weights:
        """By the engine."""
        return self._own.change(stimulus, activity, error, rule, feedback)

    def on_host(self, change: Weights) -> np.ndarray:
        """It is; of these rows."""
        return change.vector

    def step(self, change: Weights, pace: Pace) -> None:
        """As the contract says."""
        if self._settings.clip < np.inf:
            norm = self._norm(change)
            if norm > self._settings.clip:
                change.vector *= change.vector.dtype.type(self._settings.clip / norm)
        self._own.step(change, pace)

    def online(self, stimulus: Stimulus, pace: Pace) -> Activity:
        """By the engine, which clips at every step where all rows are here, and else refuses to."""
        self._own.update_settings = self._settings
        return self._own.online(stimulus, pace)

    def undo(self) -> None:
        """As the contract says."""
        self._own.undo()

    def finite(self) -> bool:
        """Of all ranks."""
        return not self._share.team.any(not self._own.finite())[0]

    def stood_still(self, updates: int) -> bool:
        """Of all ranks."""
        return not self._share.team.any(not self._own.stood_still(updates))[0]

    def alignment(self) -> float:
        """Of readout and feedback, which every rank has whole."""
        return self._own.alignment()

    def state(self) -> tuple[np.ndarray, np.ndarray]:
        """Of these rows."""
        return self._own.state()

    def restore(self, vector: np.ndarray, slots: np.ndarray) -> None:
        """As the contract says."""
        self._own.restore(vector, slots)

    def _norm(self, change: Weights) -> float:
        """Of the change of all rows, over the weights that move: a sum for each unit, which are gathered and added in the order of units."""
        moving = change.like(np.where(self._settings.rates > 0, change.vector, 0))
        own = np.zeros(self._network.units)
        for name in (*BY_UNIT, "parameters"):
            squares = np.square(moving.view(name), dtype=np.float64)
            rows = squares if name in ("bias", "parameters") else squares.sum(axis=1)
            own += rows.reshape(rows.size // own.size, own.size).sum(axis=0)
        everyone = np.empty((1, 1, self._share.everyone))
        self._share.team.gather(own[None, None], everyone)
        others = [name for name in change.spans if name not in (*BY_UNIT, "parameters")]  # which every rank has whole
        whole = sum(float(np.square(moving.view(name), dtype=np.float64).sum()) for name in others)
        return float(np.sqrt(everyone.sum() + whole))
