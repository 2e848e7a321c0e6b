"""Parametrisations of matrices whose columns have one sign each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.networks.parametrisations.base import AbstractParametrisation, Arrays


@dataclass(frozen=True)
class AbstractSigned(AbstractParametrisation):
    """A strength for each weight, and a sign for each unit: the first ones excite.

    Parameters
    ----------
    excitatory : float
        Fraction of units that excite.
    """

    excitatory: float = 0.8
    learnt = ("strength",)
    fixed = ("signs",)
    by_synapse = True
    range = "a matrix each column of which has one sign"

    def __post_init__(self) -> None:
        """Check the fraction."""
        if not 0 <= self.excitatory <= 1:
            raise ValueRefused(f"excitatory must lie between 0 and 1, got {self.excitatory}")

    def start(self, recurrent: np.ndarray, units: int, rng: np.random.Generator) -> Arrays:
        """The magnitudes of ordinary weights; fewer inhibitory units, stronger in proportion, balance the others."""
        exciting = np.arange(units) < round(self.excitatory * units)
        share = exciting.mean()
        scale = np.where(exciting, np.sqrt((1 - share) / share), np.sqrt(share / (1 - share))) if 0 < share < 1 else np.ones(units)
        signs = np.tile(np.where(exciting, 1.0, -1.0), recurrent.shape[1] // units)
        return {"strength": np.abs(recurrent) * np.tile(scale, recurrent.shape[1] // units), "signs": signs}

    def of(self, recurrent: np.ndarray) -> Arrays:
        """The sign of each column, from its sum."""
        return {"strength": np.abs(recurrent), "signs": np.where(recurrent.sum(axis=0) < 0, -1.0, 1.0)}

    @staticmethod
    def shapes(shape: tuple[int, int], free: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """Of ``strength`` and ``signs``."""
        return {"strength": shape, "signs": shape[1:]}
