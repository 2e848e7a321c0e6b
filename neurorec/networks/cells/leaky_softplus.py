"""Leaky softplus unit (Yang 2019, doi:10.1038/s41593-018-0310-2): rates stay positive and smooth."""

from __future__ import annotations

import sympy

from neurorec.formula.words import softplus
from neurorec.networks.cells.base import AbstractCell


class LeakySoftplus(AbstractCell):
    """Leaky softplus unit (Yang 2019, doi:10.1038/s41593-018-0310-2): rates stay positive and smooth."""

    states = ("h",)
    parameters = {"tau": 0.1}  # seconds
    initial = 0.1  # a little activity: at zero, tanh units without input would stay silent for ever

    @staticmethod
    def step(h: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, tau: sympy.Expr) -> sympy.Expr:
        """One time step of dt seconds."""
        return (1 - dt / tau) * h + dt / tau * softplus(u)
