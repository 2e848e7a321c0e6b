"""RMSProp on the input: RMSPropRNN, RMSPropLSTM ..."""

from __future__ import annotations

import math

import sympy

from neurorec.formula.words import absolute
from neurorec.networks.filters.base import AbstractFilter


class RMSProp(AbstractFilter):
    """Input of Nguyen et al. (2020, arXiv 2006.06919): m(t) = beta m(t-1) + (1 - beta) x(t)^2, s x / sqrt(m) in the place of x.

    It is `adam` without momentum; `floor` is added to m.
    """

    states = ("m",)
    parameters = {"s": 0.6, "beta": 0.9, "floor": 1e-16}
    ranges = {"beta": (0.0, 1.0), "floor": (1e-37, math.inf)}  # a mean square is positive, also in single precision

    @staticmethod
    def step(external: sympy.Expr, m: sympy.Expr, s: sympy.Expr, beta: sympy.Expr, floor: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """The normalised input drives the cell."""
        square = beta * absolute(m) + (1 - beta) * external**2  # absolute: a mean square, whatever the start it is given
        return s * external / sympy.sqrt(square + floor), square
