"""Slope of the logistic function."""

from __future__ import annotations

import sympy

from neurorec.formula.words import sigmoid
from neurorec.networks.surrogates.base import AbstractSurrogate


class Sigmoid(AbstractSurrogate):
    """4 s (1 - s), s = 1 / (1 + exp(-y)): snnTorch's ``sigmoid``, spikingjelly's ``Sigmoid``."""

    @staticmethod
    def shape(y: sympy.Expr) -> sympy.Expr:
        """As the contract says."""
        return 4 * sigmoid(y) * (1 - sigmoid(y))
