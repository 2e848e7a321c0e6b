"""A step size on the input: what is left of momentum without its memory."""

from __future__ import annotations

import sympy

from neurorec.networks.filters.base import AbstractFilter


class StepSize(AbstractFilter):
    """s x(t) in the place of x(t): the control that tells the step size of `momentum` from its memory."""

    states = ()
    parameters = {"s": 0.6}

    @staticmethod
    def step(external: sympy.Expr, s: sympy.Expr) -> tuple[sympy.Expr]:
        """The scaled input drives the cell."""
        return (s * external,)
