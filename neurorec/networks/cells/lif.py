"""Leaky integrate-and-fire unit."""

from __future__ import annotations

from collections.abc import Callable

import sympy

from neurorec.networks.cells._firing import POSITIVE, RANGES, SPIKE, fire, integrate
from neurorec.networks.cells.base import AbstractCell


class LIF(AbstractCell):
    """Leaky integrate-and-fire unit as e-prop has it (Bellec et al. 2020, doi:10.1038/s41467-020-17236-y), to its order of steps.

    With a = exp(-dt/tau_m):

        v(t) = a v(t-1) + zeta u(t) - threshold z(t-1)
        z(t) = 1 if v(t) >= threshold, and the last spike is `refractory` ago or longer; else 0

    Nothing is learnt through the reset; v runs on in refractoriness. The trace that a local rule keeps is then e-prop's, and `rflo` is
    e-prop with random feedback. The slope of a spike is the surrogate's, ``gamma / threshold * shape(|v - threshold| / (width threshold))``,
    and zero in refractoriness. `decay_input` says which zeta: 1 - a for 1, so that v settles at a drive that is held; 1 for 0, so that a
    spike moves v by its weight at once. `decay_reset` is 0 for e-prop's reset, a step after the spike and undecayed; 1 for one at the spike,
    which then decays with v: NEST's and Brian2's.
    """

    states = ("z", "v", "r")
    parameters = {"tau_m": 0.02, **SPIKE}  # tau_m in seconds
    ranges = RANGES
    positive, whole_steps, decays = POSITIVE, ("refractory",), ("tau_m",)

    @staticmethod
    def step(
        z: sympy.Expr, v: sympy.Expr, r: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, tau_m: sympy.Expr, threshold: sympy.Expr,
        gamma: sympy.Expr, width: sympy.Expr, refractory: sympy.Expr, decay_input: sympy.Expr, decay_reset: sympy.Expr, surrogate: Callable,
    ) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:  # fmt: skip
        """Spike, potential, steps of refractoriness."""
        potential = integrate(v, z, u, dt, tau_m, threshold, decay_input, decay_reset)
        fired, left = fire(potential - threshold, r, dt, threshold, gamma, width, refractory, surrogate)
        return fired, potential, left
