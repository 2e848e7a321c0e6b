"""Coupled oscillatory unit."""

from __future__ import annotations

import sympy

from neurorec.networks.cells.base import AbstractCell


class CoRNN(AbstractCell):
    """Coupled oscillator (Rusch and Mishra 2021, arXiv 2010.00951): y'' = tanh(u) - gamma y - epsilon y', z = y'.

    The paper's explicit scheme; dt/tau is its time step, `tau` the unit of time of `gamma` and `epsilon`, whose values are those the
    paper found for pixel-by-pixel digits. Units receive each other's position y and velocity z, as there; the readout, which reads y alone in
    the paper, reads both here, as it does all outputs of a cell.
    """

    states = ("y", "z")
    parameters = {"tau": 0.25, "gamma": 2.7, "epsilon": 4.7}  # tau in seconds
    biased = True

    @staticmethod
    def output(y: sympy.Expr, z: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """Other units receive position and velocity."""
        return y, z

    @staticmethod
    def step(
        y: sympy.Expr, z: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, tau: sympy.Expr, gamma: sympy.Expr, epsilon: sympy.Expr
    ) -> tuple[sympy.Expr, sympy.Expr]:
        """z(t) = z + dt/tau (tanh(u) - gamma y - epsilon z), then y(t) = y + dt/tau z(t)."""
        velocity = z + dt / tau * (sympy.tanh(u) - gamma * y - epsilon * z)
        return y + dt / tau * velocity, velocity
