"""Leaky integrate-and-fire unit with an adaptive threshold that a spike sets to a potential."""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy

from neurorec.networks.cells._firing import FIRE_RANGES, POSITIVE, SPIKE_TO, fire, integrate_or_hold
from neurorec.networks.cells.base import AbstractCell


class AdaptiveLIFHardReset(AbstractCell):
    """`lif_hard_reset` whose threshold rises with each of its spikes, as that of `adaptive_lif` does.

    With a = exp(-dt/tau_m), rho = exp(-dt/tau_a) and v' the potential after the reset:

        v'(t-1) = v_reset if z(t-1), else v(t-1)
        v(t) = a v'(t-1) + zeta u(t), or v_reset while the last spike is less than `refractory` ago
        b(t) = rho b(t-1) + z(t-1)
        z(t) = 1 if v(t) >= threshold + beta b(t), and the last spike is `refractory` ago or longer; else 0

    A weight is learnt through what a spike does to the unit's own threshold, not through the reset, as in `adaptive_lif`.
    """

    states = ("z", "v", "b", "r")
    parameters = {"tau_m": 0.02, "tau_a": 2.0, "beta": 0.03, **SPIKE_TO}  # tau_m and tau_a in seconds
    ranges = {**FIRE_RANGES, "beta": (0.0, math.inf)}
    positive, whole_steps, decays = POSITIVE, ("refractory",), ("tau_m", "tau_a")
    memories = {"tau_a": "beta"}

    @staticmethod
    def step(
        z: sympy.Expr, v: sympy.Expr, b: sympy.Expr, r: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, tau_m: sympy.Expr, tau_a: sympy.Expr,
        beta: sympy.Expr, threshold: sympy.Expr, gamma: sympy.Expr, width: sympy.Expr, refractory: sympy.Expr, decay_input: sympy.Expr,
        v_reset: sympy.Expr, surrogate: Callable,
    ) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr, sympy.Expr]:  # fmt: skip
        """Spike, potential, adaptation, steps of refractoriness."""
        potential = integrate_or_hold(v, z, r, u, dt, tau_m, decay_input, v_reset)
        adaptation = sympy.exp(-dt / tau_a) * b + z
        fired, left = fire(potential - threshold - beta * adaptation, r, dt, threshold, gamma, width, refractory, surrogate)
        return fired, potential, adaptation, left
