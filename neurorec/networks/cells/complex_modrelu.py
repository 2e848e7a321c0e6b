"""Complex modReLU unit: the nonlinearity of unitary networks."""

from __future__ import annotations

import sympy

from neurorec.formula.words import relu
from neurorec.networks.cells.base import AbstractCell

SOFT = sympy.Float(1e-5)  # of Maduranga's code


class ComplexModReLU(AbstractCell):
    """Complex modReLU unit (Arjovsky 2016, arXiv 1511.06464; scuRNN: Maduranga 2019, arXiv 1811.04142): h = u max(0, m + b) / m.

    ``m = sqrt(abs(u)^2 + 1e-5)``: the root is softened, so that the slope is bounded by ``1 + b / sqrt(1e-5)`` where ``u = 0``
    and ``b > 0``. The released code divides by ``m + 1e-5``; without that, ``b = 0`` is the identity.

    A complex number is its real and its imaginary part: two states, two drives, two outputs, real parts of all units first.
    """

    states = ("re", "im")
    drives = ("u_re", "u_im")
    parameters = {"b": 0.0}
    plastic = ("b",)

    @staticmethod
    def output(re: sympy.Expr, im: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """Other units receive both parts."""
        return re, im

    @staticmethod
    def step(u_re: sympy.Expr, u_im: sympy.Expr, b: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """One step, whatever its length."""
        magnitude = sympy.sqrt(u_re**2 + u_im**2 + SOFT)
        scale = relu(magnitude + b) / magnitude
        return scale * u_re, scale * u_im
