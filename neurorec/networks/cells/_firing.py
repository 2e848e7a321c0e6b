"""What cells that spike share: crossing the threshold, with a surrogate slope, and the time after a spike in which there is none."""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy

from neurorec.formula.words import absolute, heaviside, relu, spike, stop_gradient

SPIKE = {"threshold": 1.0, "gamma": 0.3, "width": 1.0, "refractory": 0.0, "decay_input": 0.0, "decay_reset": 0.0}  # refractory in seconds
POSITIVE = ("threshold", "width")
RANGES = {"gamma": (0.0, math.inf), "refractory": (0.0, math.inf), "decay_input": (0.0, 1.0), "decay_reset": (0.0, 1.0)}


def integrate(
    v: sympy.Expr,
    z: sympy.Expr,
    drive: sympy.Expr,
    dt: sympy.Expr,
    tau_m: sympy.Expr,
    threshold: sympy.Expr,
    decay_input: sympy.Expr,
    decay_reset: sympy.Expr,
) -> sympy.Expr:
    """The potential v(t) = a v(t-1) + zeta drive - reset, a = exp(-dt/tau_m); the spike z(t-1) resets it, and nothing is learnt through that.

    Parameters
    ----------
    decay_input : expression
        0: zeta = 1; 1: zeta = 1 - a.
    decay_reset : expression
        0: the reset is the threshold; 1: it decays with v from the spike on, a times the threshold.
    v, z, drive, dt, tau_m, threshold
        As in a cell.
    """
    a = sympy.exp(-dt / tau_m)
    return a * v + (1 - decay_input * a) * drive - (1 - decay_reset * (1 - a)) * threshold * stop_gradient(z)


def fire(
    distance: sympy.Expr,
    r: sympy.Expr,
    dt: sympy.Expr,
    threshold: sympy.Expr,
    gamma: sympy.Expr,
    width: sympy.Expr,
    refractory: sympy.Expr,
    surrogate: Callable[[sympy.Expr], sympy.Expr],
) -> tuple[sympy.Expr, sympy.Expr]:
    """The spike z(t), and r(t), the time steps of refractoriness that then lie ahead.

    Parameters
    ----------
    distance : expression
        v(t) - th(t), of the potential from what it has to reach now.
    r : expression
        r(t-1); while it exceeds 1 there is no spike and no slope, so that spikes are at least `refractory` apart.
    threshold : expression
        th, which scales the slope.
    dt, gamma, width, refractory, surrogate
        As in a cell.
    """
    free = 1 - heaviside(r - sympy.Rational(3, 2))  # whole steps but for rounding
    psi = gamma / threshold * surrogate(absolute(distance) / (width * threshold))
    z = free * spike(distance, psi)
    return z, stop_gradient(refractory / dt * z + relu(r - 1))
