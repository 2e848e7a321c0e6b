"""Long short-term memory, with torch's equations and gate order."""

from __future__ import annotations

import sympy

from neurorec.formula.words import sigmoid
from neurorec.networks.cells.base import AbstractCell


class LSTM(AbstractCell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) as ``torch.nn.LSTM`` computes it; torch's two biases add up to one."""

    states = ("h", "c")
    drives = ("i", "f", "g", "o")
    biased = True

    @staticmethod
    def step(c: sympy.Expr, i: sympy.Expr, f: sympy.Expr, g: sympy.Expr, o: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """c(t) = f c(t-1) + i g,  h(t) = o tanh(c(t))."""
        memory = sigmoid(f) * c + sigmoid(i) * sympy.tanh(g)
        return sigmoid(o) * sympy.tanh(memory), memory
