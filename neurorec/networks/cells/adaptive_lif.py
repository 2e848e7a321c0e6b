"""Leaky integrate-and-fire unit with an adaptive threshold."""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy

from neurorec.networks.cells._firing import POSITIVE, RANGES, SPIKE, fire, integrate
from neurorec.networks.cells.base import AbstractCell


class AdaptiveLIF(AbstractCell):
    """`lif` whose threshold rises with each of its spikes: ALIF, as e-prop has it (Bellec et al. 2020, doi:10.1038/s41467-020-17236-y).

    With a = exp(-dt/tau_m) and rho = exp(-dt/tau_a):

        v(t) = a v(t-1) + zeta u(t) - threshold z(t-1)
        b(t) = rho b(t-1) + z(t-1)
        z(t) = 1 if v(t) >= threshold + beta b(t), and the last spike is `refractory` ago or longer; else 0

    A weight is learnt through what a spike does to the unit's own threshold, not through the reset: b is what lets e-prop bridge seconds.
    What else there is is as in `lif`, which it is where `beta` = 0, so that one network can have both: ``parameters={"beta": array}``.
    """

    states = ("z", "v", "b", "r")
    parameters = {"tau_m": 0.02, "tau_a": 2.0, "beta": 0.03, **SPIKE}  # tau_m and tau_a in seconds
    ranges = {**RANGES, "beta": (0.0, math.inf)}
    positive, whole_steps, decays = POSITIVE, ("refractory",), ("tau_m", "tau_a")
    memories = {"tau_a": "beta"}

    @staticmethod
    def step(
        z: sympy.Expr, v: sympy.Expr, b: sympy.Expr, r: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, tau_m: sympy.Expr, tau_a: sympy.Expr,
        beta: sympy.Expr, threshold: sympy.Expr, gamma: sympy.Expr, width: sympy.Expr, refractory: sympy.Expr, decay_input: sympy.Expr,
        decay_reset: sympy.Expr, surrogate: Callable,
    ) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr, sympy.Expr]:  # fmt: skip
        """Spike, potential, adaptation, steps of refractoriness."""
        potential = integrate(v, z, u, dt, tau_m, threshold, decay_input, decay_reset)
        adaptation = sympy.exp(-dt / tau_a) * b + z
        fired, left = fire(potential - threshold - beta * adaptation, r, dt, threshold, gamma, width, refractory, surrogate)
        return fired, potential, adaptation, left
