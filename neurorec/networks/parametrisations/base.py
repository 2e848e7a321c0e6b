"""The interface of a parametrisation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import numpy as np

Arrays = dict[str, np.ndarray]


class AbstractParametrisation(ABC):
    """A map from free parameters to `recurrent`: a frozen dataclass whose fields say how it starts.

    It is applied once per update, in float64, on any engine and under any rule: a rule's change of `recurrent` is pulled back
    to the free parameters, the optimiser changes those, and `recurrent` is computed anew. With D drives and K outputs, a map of
    square matrices takes `recurrent` (D N, K N) as D / K squares, one below the other.

    Attributes
    ----------
    learnt : tuple of str
        Names of the free parameters, under which their learning rates go.
    fixed : tuple of str
        Names of the other arrays the map needs.
    reads : tuple of str
        Other weights of the network that the value depends on: `map` and `pull` find them in ``free``, `start` and `of` take them
        by name.
    lower_bounds : mapping of str to float
        Smallest value of those that have one; values below it after an update are set to it.
    by_synapse : bool
        Whether each weight is made of one free number and of what `fixed` has for its column: then sparse weights have it, too.
    range : str
        The set of its values, for error texts: ``"an orthogonal matrix"``.
    """

    learnt: ClassVar[tuple[str, ...]]
    fixed: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ()
    lower_bounds: ClassVar[Mapping[str, float]] = MappingProxyType({})
    by_synapse: ClassVar[bool] = False
    range: ClassVar[str]

    @abstractmethod
    def start(self, recurrent: np.ndarray, units: int, rng: np.random.Generator) -> Arrays:
        """Free parameters (and fixed arrays) for a new network.

        Parameters
        ----------
        recurrent : (D N, K N) array
            Of the network without the parametrisation; a map with an initialisation of its own uses its shape only.
        units : int
            N.
        rng : Generator
        """

    @abstractmethod
    def of(self, recurrent: np.ndarray) -> Arrays:
        """Free parameters (and fixed arrays) whose value is `recurrent`; any, where there are none: the caller compares.

        Raises
        ------
        ShapeError, ValueRefused
            If there are none for such a shape.
        """

    @staticmethod
    @abstractmethod
    def shapes(shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """The shape of every array for `recurrent` of a shape; from ``free``, unchecked, where one array's size depends on another's."""

    @staticmethod
    @abstractmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """`recurrent`, (D N, K N)."""

    @staticmethod
    @abstractmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """The change of each `learnt` array that a change of `recurrent` means: its product with the map's Jacobian.

        Of what it `reads`, too, where training changes that: a rule that keeps the full influence adds it to its own change.
        """
