"""Linear recurrent unit: a complex state that rotates and decays."""

from __future__ import annotations

import sympy

from neurorec.networks.cells.base import AbstractCell


class LRU(AbstractCell):
    """Linear recurrent unit (Orvieto 2023, arXiv 2303.06349): h(t) = l h(t-1) + sqrt(1 - abs(l)^2) x(t), l = exp(-exp(nu) + i theta).

    Units receive the input alone, nothing from each other: `recurrent` has no effect. A complex number is its real and its imaginary part:
    two states, two drives, two outputs; the readout of both is the paper's Re(C h), without its feedthrough of the input and
    without the nonlinear layers it puts between layers of such units.
    """

    states = ("re", "im")
    drives = ("u_re", "u_im")
    parameters = {"nu": -2.0, "theta": 0.3}  # theta in radians per step
    plastic = ("nu", "theta")

    @staticmethod
    def output(re: sympy.Expr, im: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """The readout receives both parts."""
        return re, im

    @staticmethod
    def step(
        re: sympy.Expr, im: sympy.Expr, u_re_external: sympy.Expr, u_im_external: sympy.Expr, nu: sympy.Expr, theta: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr]:
        """Rotate by theta, scale by exp(-exp(nu)), and add the input scaled so that the variance is preserved."""
        size = sympy.exp(-sympy.exp(nu))
        real, imaginary, gain = size * sympy.cos(theta), size * sympy.sin(theta), sympy.sqrt(1 - size**2)
        return real * re - imaginary * im + gain * u_re_external, imaginary * re + real * im + gain * u_im_external
