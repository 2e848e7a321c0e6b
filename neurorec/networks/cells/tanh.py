"""Plain tanh unit, as ``torch.nn.RNN`` computes it."""

from __future__ import annotations

import sympy

from neurorec.networks.cells.base import AbstractCell


class Tanh(AbstractCell):
    """Tanh unit without a leak (Elman 1990), as ``torch.nn.RNN`` computes it: h(t) = tanh(u(t)); torch's two biases add up to one."""

    states = ("h",)
    biased = True

    @staticmethod
    def step(u: sympy.Expr) -> sympy.Expr:
        """One step, whatever its length."""
        return sympy.tanh(u)
