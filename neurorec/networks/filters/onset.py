"""A drive of its own at the first step: what a trained initial state is."""

from __future__ import annotations

import sympy

from neurorec.networks.filters.base import AbstractFilter


class Onset(AbstractFilter):
    """x(1) + v at the first step of a trial, x(t) later: v, a number for each drive of each unit, can be learnt.

    The first step meets an initial state h(0) as W h(0), added to what comes from outside. Where W is invertible, as orthogonal and unitary
    ones are, and the cell reads its own last state through W alone (`modrelu`, `complex_modrelu`, `tanh`), learning v = W h(0) is learning
    h(0), as scuRNN's paper does (Maduranga 2019, arXiv 1811.04142); W being an isometry there, a step of the one is as long as one of the other.
    """

    states = ("begun",)
    parameters = {"onset": 0.0}
    by_drive = ("onset",)

    @staticmethod
    def step(external: sympy.Expr, begun: sympy.Expr, onset: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """The flag `begun` is 0 before the first step and 1 from then on."""
        return external + (1 - begun) * onset, sympy.Integer(1)
