"""The same slope everywhere near the threshold."""

from __future__ import annotations

import sympy

from neurorec.formula.words import heaviside
from neurorec.networks.surrogates.base import AbstractSurrogate


class Boxcar(AbstractSurrogate):
    """1 for y <= 1, 0 beyond: spyx's ``boxcar``."""

    @staticmethod
    def shape(y: sympy.Expr) -> sympy.Expr:
        """As the contract says."""
        return 1 - heaviside(y - 1)
