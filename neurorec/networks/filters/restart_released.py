"""Nesterov momentum with scheduled restart, as the paper's released code has it."""

from __future__ import annotations

import math

import sympy

from neurorec.networks.filters.base import AbstractFilter
from neurorec.networks.filters.restart import counted


class RestartReleased(AbstractFilter):
    """Scheduled restart as the code released with Nguyen et al. (2020, arXiv 2006.06919) has it: on the whole drive, the input subtracted.

    With the recurrent part r and the input x: y(t) = r(t) - s x(t), and the cell receives y(t) + (k-1)/(k+2) (y(t) - y(t-1)). The
    paper's own equation is `restart`.
    """

    states = ("y", "k")
    parameters = {"s": 1.0, "period": 2.0}  # steps
    ranges = {"period": (1.0, math.inf)}

    @staticmethod
    def step(
        external: sympy.Expr, recurrent: sympy.Expr, y: sympy.Expr, k: sympy.Expr, s: sympy.Expr, period: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
        """The filtered input; the recurrent part of the drive is added to it."""
        now, whole = counted(k, period), recurrent - s * external
        return whole + (now - 1) / (now + 2) * (whole - y) - recurrent, whole, now
