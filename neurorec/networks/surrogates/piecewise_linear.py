"""A triangle."""

from __future__ import annotations

import sympy

from neurorec.formula.words import relu
from neurorec.networks.surrogates.base import AbstractSurrogate


class PiecewiseLinear(AbstractSurrogate):
    """max(0, 1 - y): e-prop's (Bellec et al. 2020, gamma 0.3), NEST's ``piecewise_linear``."""

    @staticmethod
    def shape(y: sympy.Expr) -> sympy.Expr:
        """As the contract says."""
        return relu(1 - y)
