"""Excitatory and inhibitory units: every unit's weights onto others have one sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurorec.networks.parametrisations._signed import AbstractSigned
from neurorec.networks.parametrisations.base import Arrays


@dataclass(frozen=True)
class Dale(AbstractSigned):
    """Dale's law: W = abs(S) diag(signs); a unit excites all it reaches, or inhibits all.

    Free is ``strength`` S, shaped as `recurrent`. Song (2016, doi:10.1371/journal.pcbi.1004792) rectifies S instead; a synapse that is
    silenced there has no gradient and remains silent, here it recovers. Meant for cells with positive outputs. Murray's form
    is ``dale_clipped``.

    Parameters
    ----------
    excitatory : float
        Fraction of units that excite, the first ones.
    """

    @staticmethod
    def map(free: Mapping[str, np.ndarray]) -> np.ndarray:
        """Magnitudes times the column's sign."""
        return np.abs(free["strength"]) * free["signs"]

    @staticmethod
    def pull(free: Mapping[str, np.ndarray], change: np.ndarray) -> Arrays:
        """At a strength of exactly zero, as if it were positive."""
        return {"strength": change * free["signs"] * np.where(free["strength"] < 0, -1.0, 1.0)}
