"""The state in which a training's trials begin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, final

import numpy as np

from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.simulation.stimulus import start


class AbstractStart(ABC):
    """Where trials that run side by side begin.

    Attributes
    ----------
    vector : (C,) array
        What has to be stored for a training to go on, flat.
    """

    vector: np.ndarray

    @abstractmethod
    def of(self, trials: int) -> np.ndarray:
        """States before the first step of the next `trials`, (k, trials, N)."""

    @abstractmethod
    def ended(self, states: np.ndarray) -> None:
        """Take note of the states in which trials ended, (k, trials, N)."""


@final
class Initial(AbstractStart):
    """Every trial begins in the network's own initial state."""

    def __init__(self, network: AbstractNetwork, batch: int, dtype: Any):
        self._each, self.vector = start(network, batch, None, dtype), np.empty(0, dtype)

    def of(self, trials: int) -> np.ndarray:
        """The same for all."""
        return self._each[:, :trials]

    def ended(self, states: np.ndarray) -> None:
        """Of no consequence."""


@final
class Carried(AbstractStart):
    """A trial begins where the last one in its place of the batch ended; only the very first begin in the network's initial state."""

    def __init__(self, network: AbstractNetwork, batch: int, dtype: Any):
        self._each = start(network, batch, None, dtype).copy()  # it may be a view of the network's own
        self.vector = self._each.reshape(-1)

    def of(self, trials: int) -> np.ndarray:
        """Of the first places."""
        return self._each[:, :trials].copy()

    def ended(self, states: np.ndarray) -> None:
        """Kept for the next."""
        self._each[:, : states.shape[1]] = states


STARTS = {"initial": Initial, "carried": Carried}
