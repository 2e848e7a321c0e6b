"""Slope of the fast sigmoid x / (1 + |x|)."""

from __future__ import annotations

import sympy

from neurorec.networks.surrogates.base import AbstractSurrogate


class FastSigmoid(AbstractSurrogate):
    """(1 + y)^-2 (SuperSpike, Zenke and Ganguli 2018): NEST's ``fast_sigmoid_derivative``, snnTorch's ``fast_sigmoid``, Norse's ``super``."""

    @staticmethod
    def shape(y: sympy.Expr) -> sympy.Expr:
        """As the contract says."""
        return 1 / (1 + y) ** 2
