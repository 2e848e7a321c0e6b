"""Many batches in a row that an engine learns from in one call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.random_numbers.noise import PrivateNoise


@dataclass(frozen=True, eq=False)
class Batches:
    """What n batches of B trials give a network, in the engine's float type.

    Attributes
    ----------
    schedule : str
        When weights change: ``"trial"``, at the end of each batch, or ``"step"``.
    inputs, targets : (n, T, B, I) and (n, T, B, O) arrays
    loss_weight : (n, T, B) array
        Each step's share of its batch's loss.
    noise : PrivateNoise or None
        Of all n B trials.
    initial : (k, B, N) array
        State before the first step of the first batch.
    carried : bool
        Whether the next trials begin where the last ended, or all in `initial`.
    left : (n,) array
        Share of the learning rates at each batch.
    count : int
        Updates before.
    recorded : (n,) array of bool
        Of which batches the states are wanted.
    """

    schedule: str
    inputs: np.ndarray
    targets: np.ndarray
    loss_weight: np.ndarray
    noise: PrivateNoise | None
    initial: np.ndarray
    carried: bool
    left: np.ndarray
    count: int
    recorded: np.ndarray

    def first(self, n: int) -> Batches:
        """The first n of them."""
        cut = {name: getattr(self, name)[:n] for name in ("inputs", "targets", "loss_weight", "left", "recorded")}
        return Batches(schedule=self.schedule, noise=self.noise, initial=self.initial, carried=self.carried, count=self.count, **cut)


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a network did while it learnt.

    Attributes
    ----------
    done : int
        Batches until weights were no longer numbers: n where all went well.
    readouts : (n, T, B, O) array
    states : (m, T + 1, k, B, N) array
        Of the batches that were recorded; index 0 of time is the initial state.
    alignment : (done,) array
        `AbstractResidence.alignment` after each batch.
    ended : (k, B, N) array
        State in which the next batch begins.
    """

    done: int
    readouts: np.ndarray
    states: np.ndarray
    alignment: np.ndarray
    ended: np.ndarray
