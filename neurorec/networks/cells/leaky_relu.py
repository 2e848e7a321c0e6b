"""Leaky rectified unit: h(t) = (1 - dt/tau) h(t-1) + dt/tau max(0, u(t))."""

from __future__ import annotations

import sympy

from neurorec.formula.words import relu
from neurorec.networks.cells.base import AbstractCell


class LeakyRelu(AbstractCell):
    """Leaky rectified unit: h(t) = (1 - dt/tau) h(t-1) + dt/tau max(0, u(t))."""

    states = ("h",)
    parameters = {"tau": 0.1}  # seconds
    initial = 0.1  # a little activity: at zero, tanh units without input would stay silent for ever

    @staticmethod
    def step(h: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, tau: sympy.Expr) -> sympy.Expr:
        """One time step of dt seconds."""
        return (1 - dt / tau) * h + dt / tau * relu(u)
