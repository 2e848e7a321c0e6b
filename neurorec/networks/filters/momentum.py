"""Momentum on the input: MomentumRNN, MomentumLSTM ..."""

from __future__ import annotations

import sympy

from neurorec.networks.filters.base import AbstractFilter


class Momentum(AbstractFilter):
    """Heavy-ball input of Nguyen et al. (2020, arXiv 2006.06919): v(t) = mu v(t-1) + s x(t), v in the place of x."""

    states = ("v",)
    parameters = {"mu": 0.6, "s": 0.6}
    ranges = {"mu": (-1.0, 1.0)}  # beyond, the velocity grows without end

    @staticmethod
    def step(external: sympy.Expr, v: sympy.Expr, mu: sympy.Expr, s: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """The velocity drives the cell."""
        velocity = mu * v + s * external
        return velocity, velocity
