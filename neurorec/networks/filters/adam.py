"""Adam on the input: AdamRNN, AdamLSTM ..."""

from __future__ import annotations

import math

import sympy

from neurorec.formula.words import absolute
from neurorec.networks.filters.base import AbstractFilter


class Adam(AbstractFilter):
    """Input of Nguyen et al. (2020, arXiv 2006.06919): v(t) = mu v(t-1) + s x(t), m(t) = beta m(t-1) + (1 - beta) x(t)^2, v / sqrt(m) for x.

    `floor` is added to m; without input (x = 0) the slope is ``s / sqrt(floor)``. No bias correction: states start at zero, as there.
    """

    states = ("v", "m")
    parameters = {"mu": 0.6, "s": 0.6, "beta": 0.1, "floor": 1e-16}
    ranges = {"mu": (-1.0, 1.0), "beta": (0.0, 1.0), "floor": (1e-37, math.inf)}  # a mean square is positive, also in single precision

    @staticmethod
    def step(
        external: sympy.Expr, v: sympy.Expr, m: sympy.Expr, mu: sympy.Expr, s: sympy.Expr, beta: sympy.Expr, floor: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
        """The normalised velocity drives the cell."""
        velocity, square = mu * v + s * external, beta * absolute(m) + (1 - beta) * external**2  # absolute: whatever start m is given
        return velocity / sympy.sqrt(square + floor), velocity, square
