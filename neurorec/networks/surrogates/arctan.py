"""Slope of the arctangent."""

from __future__ import annotations

import sympy

from neurorec.networks.surrogates.base import AbstractSurrogate


class Arctan(AbstractSurrogate):
    """1 / (1 + y^2): NEST's ``arctan_derivative``, snnTorch's ``atan``, spikingjelly's ``ATan``."""

    @staticmethod
    def shape(y: sympy.Expr) -> sympy.Expr:
        """As the contract says."""
        return 1 / (1 + y**2)
