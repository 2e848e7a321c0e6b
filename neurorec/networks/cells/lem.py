"""Long expressive memory."""

from __future__ import annotations

import sympy

from neurorec.formula.words import sigmoid
from neurorec.networks.cells.base import AbstractCell


class LEM(AbstractCell):
    """Long expressive memory (Rusch 2022, arXiv 2110.04744), all of it one explicit step; dt/tau is the paper's largest time step.

    In the paper y receives the z of the same step, through a matrix; here units receive each other's z of the step before, as they do
    everything else: both are first-order steps of the same differential equation. All four drives receive both y and z (the paper's: the
    last receives z, the others y; parametrisation ``sparse`` keeps that pattern), and so does the readout.
    """

    states = ("y", "z")
    drives = ("pace_z", "pace_y", "to_z", "to_y")
    parameters = {"tau": 0.1}  # seconds
    biased = True

    @staticmethod
    def output(y: sympy.Expr, z: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """Other units receive both."""
        return y, z

    @staticmethod
    def step(
        y: sympy.Expr, z: sympy.Expr, pace_z: sympy.Expr, pace_y: sympy.Expr, to_z: sympy.Expr, to_y: sympy.Expr,
        dt: sympy.Expr, tau: sympy.Expr,
    ) -> tuple[sympy.Expr, sympy.Expr]:  # fmt: skip
        """Each state leaks towards the tanh of its drive, at a pace between 0 and dt/tau that a second drive sets."""
        slow, fast = dt / tau * sigmoid(pace_y), dt / tau * sigmoid(pace_z)
        return y + slow * (sympy.tanh(to_y) - y), z + fast * (sympy.tanh(to_z) - z)
