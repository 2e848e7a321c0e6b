"""Recurrent weights some of which are permanently absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurorec.networks.parametrisations.base import AbstractParametrisation, Arrays


@dataclass(frozen=True)
class Sparse(AbstractParametrisation):
    """A fixed mask: W = mask S. Weights that are zero at the start stay zero; others are free.

    Free is ``strength`` S, shaped as `recurrent`. ``Network.random(sparsity=0.9, parametrisation="sparse")`` keeps nine of ten
    connections absent, ``Network(recurrent=W, ...)`` those that are zero in W.
    """

    learnt = ("strength",)
    fixed = ("mask",)
    range = "a matrix"

    def start(self, recurrent: np.ndarray, units: int, rng: np.random.Generator) -> Arrays:
        """The weights as they are."""
        return self.of(recurrent)

    def of(self, recurrent: np.ndarray) -> Arrays:
        """The mask is where they are not zero."""
        return {"strength": recurrent, "mask": (recurrent != 0).astype(np.float64)}

    @staticmethod
    def shapes(shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """Both as `recurrent`."""
        return {"strength": shape, "mask": shape}

    @staticmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """The strengths under the mask."""
        return free["strength"] * free["mask"]

    @staticmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """Zero for absent synapses."""
        return {"strength": change * free["mask"]}
