"""A Gaussian."""

from __future__ import annotations

import sympy

from neurorec.networks.surrogates.base import AbstractSurrogate


class Gaussian(AbstractSurrogate):
    """exp(-y^2): Norse's ``heavi_erfc``, spikingjelly's ``Erf``."""

    @staticmethod
    def shape(y: sympy.Expr) -> sympy.Expr:
        """As the contract says."""
        return sympy.exp(-(y**2))
