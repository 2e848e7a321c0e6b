"""Leaky integrate-and-fire unit that a spike sets to a potential."""

from __future__ import annotations

from collections.abc import Callable

import sympy

from neurorec.networks.cells._firing import FIRE_RANGES, POSITIVE, SPIKE_TO, fire, integrate_or_hold
from neurorec.networks.cells.base import AbstractCell


class LIFHardReset(AbstractCell):
    """Leaky integrate-and-fire unit whose potential a spike sets to `v_reset`, where it is held while the unit is refractory.

    As Brian2 has it with ``reset="v = v_reset"`` and ``(unless refractory)``, and NEST's ``iaf_psc_delta``, Norse's ``LIF`` and snnTorch's
    ``Leaky(reset_mechanism="zero")`` but for what :doc:`spikes` says. With a = exp(-dt/tau_m) and v' the potential after the reset:

        v'(t-1) = v_reset if z(t-1), else v(t-1)
        v(t) = a v'(t-1) + zeta u(t), or v_reset while the last spike is less than `refractory` ago
        z(t) = 1 if v(t) >= threshold, and the last spike is `refractory` ago or longer; else 0

    At a spike v is what crossed the threshold. Nothing is learnt through when the reset was; what a weight did before it is gone for the
    trace as it is for v. What is not said here is as in `lif`.
    """

    states = ("z", "v", "r")
    parameters = {"tau_m": 0.02, **SPIKE_TO}  # tau_m in seconds
    ranges = FIRE_RANGES
    positive, whole_steps, decays = POSITIVE, ("refractory",), ("tau_m",)

    @staticmethod
    def step(
        z: sympy.Expr, v: sympy.Expr, r: sympy.Expr, u: sympy.Expr, dt: sympy.Expr, tau_m: sympy.Expr, threshold: sympy.Expr,
        gamma: sympy.Expr, width: sympy.Expr, refractory: sympy.Expr, decay_input: sympy.Expr, v_reset: sympy.Expr, surrogate: Callable,
    ) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:  # fmt: skip
        """Spike, potential, steps of refractoriness."""
        potential = integrate_or_hold(v, z, r, u, dt, tau_m, decay_input, v_reset)
        fired, left = fire(potential - threshold, r, dt, threshold, gamma, width, refractory, surrogate)
        return fired, potential, left
