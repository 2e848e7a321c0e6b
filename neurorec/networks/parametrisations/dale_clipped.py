"""Excitatory and inhibitory units, as Murray (2019) has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorec.networks.parametrisations._signed import AbstractSigned
from neurorec.networks.parametrisations.base import Arrays


@dataclass(frozen=True)
class DaleClipped(AbstractSigned):
    """Dale's law by clipping: ordinary updates, after which a weight that would have changed sign is zero.

    W = S diag(signs) with S >= 0 (Murray 2019, Figure 2, supplement 1). Free is ``strength`` S, shaped as `recurrent`: the map is
    linear, so that a rule changes S as it would change W, up to the sign; a silent synapse comes back as soon as its change is
    positive. ``dale`` reflects S at zero instead. Of units with outputs of both signs, as tanh, "excites" is said of the weight.

    Parameters
    ----------
    excitatory : float
        Fraction of units that excite, the first ones; half of them in the paper.
    """

    excitatory: float = 0.5
    lower_bounds: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    @staticmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """Strengths times the column's sign; a strength below zero counts as zero."""
        return np.maximum(free["strength"], 0.0) * free["signs"]

    @staticmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """At a strength of exactly zero, as if it were positive."""
        return {"strength": change * free["signs"] * (free["strength"] >= 0)}
