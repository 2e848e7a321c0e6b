"""Coupled oscillatory unit."""

from __future__ import annotations

import sympy

from neurorec.cells.base import AbstractCell


class CoRNN(AbstractCell):
    """Coupled oscillator (Rusch and Mishra 2021, arXiv 2010.00951): y'' = tanh(u) - gamma y - epsilon y', z = y'.

    The paper's explicit scheme; its step is ``dt``. Units hear each other's position y and velocity z, as there; the readout, which
    reads y alone in the paper, reads both here, as it does all outputs of a cell.

    Parameters are those the paper found for pixel-by-pixel digits: `gamma` in 1/s^2, `epsilon` in 1/s.
    """

    states = ("y", "z")
    parameters = {"gamma": 2.7, "epsilon": 4.7}
    biased = True

    @staticmethod
    def output(y: sympy.Expr, z: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """Others see position and velocity."""
        return y, z

    @staticmethod
    def step(
        y: sympy.Expr, z: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, gamma: sympy.Expr, epsilon: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr]:
        """z(t) = z + dt (tanh(u) - gamma y - epsilon z), then y(t) = y + dt z(t)."""
        velocity = z + dt * (sympy.tanh(u) - gamma * y - epsilon * z)
        return y + dt * velocity, velocity
