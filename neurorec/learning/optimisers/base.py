"""What an optimiser is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neurorec.learning.updates import hyperparameters

if TYPE_CHECKING:
    from neurorec.networks.abstract_network import AbstractNetwork
    from neurorec.networks.weights import Weights

Real = Any  # a number, or an array of numbers


class AbstractOptimiser(ABC):
    """An optimiser: a frozen dataclass whose fields are its settings, all floats.

    Attributes
    ----------
    slots : tuple of str
        Arrays it remembers, each as long as the weights, zero at the start.
    usual_rate : float
        A learning rate to begin with, where none was found for a task.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    usual_rate: ClassVar[float] = 0.03

    @staticmethod
    @abstractmethod
    def step(weight: Real, change: Real, slots: np.ndarray, rate: Real, count: int, settings: tuple) -> Real:
        """How far a weight moves: one law for single numbers and for whole arrays of them.

        NumPy calls it with all weights at once, Numba compiles it as it stands, and a GPU gives it one weight a thread: arithmetic,
        and such NumPy functions as `numpy.sqrt`, but nothing that looks at other weights or asks for their number.

        weight    () or (P,)      all weights of the network, flat
        change    () or (P,)      a rule's change: the direction that lowers the loss
        slots     (S,) or (S, P)  what is remembered; the law changes it in place, a slot at a time
        rate      () or (P,)      learning rates; 0 where a weight is not plastic, which must then not move
        count     from 1          number of this update
        settings  tuple           the fields, in their order
        """

    @property
    def laws(self) -> tuple[AbstractOptimiser, ...]:
        """Those whose `step` moves the weights: itself."""
        return (self,)

    def among(self, network: AbstractNetwork, weights: Weights, changing: Sequence[str], schedule: str) -> AbstractOptimiser:
        """The optimiser of a training.

        Parameters
        ----------
        network, weights
        changing : sequence of str
            Names of the weights that change.
        schedule : str
            ``"step"`` or ``"trial"``.

        Raises
        ------
        NotOffered, ValueRefused
            If it is none of these.
        """
        del network, weights, changing, schedule
        return self

    def moves(self, weights: np.ndarray, change: np.ndarray, slots: np.ndarray, rates: np.ndarray, count: int) -> np.ndarray:
        """How far all weights move, (P,); the slots change in place."""
        return self.step(weights, change, slots, rates, count, hyperparameters(self))
