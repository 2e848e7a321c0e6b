"""Nesterov momentum with scheduled restart on the input, as the paper has it."""

from __future__ import annotations

import math

import sympy

from neurorec.formula.words import heaviside
from neurorec.networks.filters.base import AbstractFilter


class Restart(AbstractFilter):
    """Scheduled restart of Nguyen et al. (2020, arXiv 2006.06919), the paper's form: v(t) = (k-1)/(k+2) v(t-1) + s x(t), v for x.

    `k` counts the steps 1, 2, ... `period` and starts again at 1 (momentum is forgotten). The released code does something
    else: `restart_released`.
    """

    states = ("v", "k")
    parameters = {"s": 1.0, "period": 2.0}  # steps
    ranges = {"period": (1.0, math.inf)}

    @staticmethod
    def step(
        external: sympy.Expr, v: sympy.Expr, k: sympy.Expr, s: sympy.Expr, period: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
        """The velocity drives the cell."""
        now = counted(k, period)
        velocity = (now - 1) / (now + 2) * v + s * external
        return velocity, velocity, now


def counted(k: sympy.Expr, period: sympy.Expr) -> sympy.Expr:
    """The next of 1, 2, ... `period`, 1, 2 ...; a counter at rest, 0, comes to 1."""
    return 1 + k * heaviside(period - k - sympy.Rational(1, 2))
