"""The interface of a preset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from neurorec.networks.abstract_network import AbstractNetwork


class AbstractPreset(ABC):
    """A named composition: a frozen dataclass whose fields are its settings.

    Attributes
    ----------
    training : mapping
        Keyword arguments of `nr.train` that the paper used; the engine, where only one will do.
    dt : float
        The time step, in seconds, where the user does not say; of spiking units it is shorter.
    """

    training: ClassVar[Mapping[str, Any]]
    dt: ClassVar[float] = 0.01

    @abstractmethod
    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> AbstractNetwork:
        """The network before training."""
