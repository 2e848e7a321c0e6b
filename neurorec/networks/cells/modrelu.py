"""ModReLU unit: the nonlinearity of orthogonal networks."""

from __future__ import annotations

import sympy

from neurorec.formula.words import absolute, heaviside, signum
from neurorec.networks.cells.base import AbstractCell


class ModReLU(AbstractCell):
    """ModReLU unit (Arjovsky 2016, arXiv 1511.06464; scoRNN: Helfrich 2018, arXiv 1707.09520): h = sign(u) max(0, abs(u) + b).

    The bias `b` shifts the magnitude and leaves the sign. With ``b = 0`` the unit is the identity, its slope 1 everywhere,
    at ``u = 0`` too; with ``b > 0`` it jumps there from -b to b, and is 0 in between.
    """

    states = ("h",)
    parameters = {"b": 0.0}
    plastic = ("b",)

    @staticmethod
    def step(u: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
        """One step, whatever its length."""
        open = 1 - heaviside(-absolute(u) - b)  # open at abs(u) + b = 0 too: there lies the silent unit with b = 0, which must learn
        return open * (u + b * signum(u))
