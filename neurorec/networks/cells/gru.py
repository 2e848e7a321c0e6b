"""Gated recurrent unit, with torch's equations and gate order."""

from __future__ import annotations

import sympy

from neurorec.formula.words import sigmoid
from neurorec.networks.cells.base import AbstractCell


class GRU(AbstractCell):
    """Gated recurrent unit (Cho 2014, arXiv 1406.1078) as ``torch.nn.GRU`` computes it.

    The reset gate multiplies the recurrent part of the third drive, which has a bias of its own, `b_n`
    (torch's ``b_hn``); torch's other two biases of a gate add up to one row of ``bias``.
    """

    states = ("h",)
    drives = ("r", "z", "n")
    parameters = {"b_n": 0.0}
    plastic = ("b_n",)
    biased = True

    @staticmethod
    def step(h: sympy.Expr, r: sympy.Expr, z: sympy.Expr, n_recurrent: sympy.Expr, n_external: sympy.Expr, b_n: sympy.Expr) -> sympy.Expr:
        """h(t) = (1 - z) n + z h(t-1), n = tanh(n_external + r (n_recurrent + b_n))."""
        candidate = sympy.tanh(n_external + sigmoid(r) * (n_recurrent + b_n))
        return candidate + sigmoid(z) * (h - candidate)
