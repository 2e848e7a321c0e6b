"""Long short-term memory, with torch's equations and gate order."""

from __future__ import annotations

import sympy

from neurorec.formula.words import sigmoid
from neurorec.networks.cells.base import AbstractCell


class LSTM(AbstractCell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) as ``torch.nn.LSTM`` computes it; torch's two biases add up to one.

    `forget_bias` is added to the forget gate's drive, behind a filter, which does not see it: torch's second bias of that gate.
    """

    states = ("h", "c")
    drives = ("i", "f", "g", "o")
    parameters = {"forget_bias": 0.0}
    biased = True

    @staticmethod
    def step(
        c: sympy.Expr, i: sympy.Expr, f: sympy.Expr, g: sympy.Expr, o: sympy.Expr, forget_bias: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr]:
        """c(t) = f c(t-1) + i g,  h(t) = o tanh(c(t))."""
        memory = sigmoid(f + forget_bias) * c + sigmoid(i) * sympy.tanh(g)
        return sigmoid(o) * sympy.tanh(memory), memory
