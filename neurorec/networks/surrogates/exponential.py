"""Exponential on either side."""

from __future__ import annotations

import sympy

from neurorec.networks.surrogates.base import AbstractSurrogate


class Exponential(AbstractSurrogate):
    """exp(-y): NEST's ``exponential``; spikingjelly's ``PiecewiseExp``."""

    @staticmethod
    def shape(y: sympy.Expr) -> sympy.Expr:
        """As the contract says."""
        return sympy.exp(-y)
