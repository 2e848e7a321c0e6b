"""What cells that spike share: resets, crossing the threshold, with a surrogate slope, and the time after a spike in which there is none."""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy

from neurorec.formula.words import absolute, heaviside, relu, spike, stop_gradient

FIRE = {"threshold": 1.0, "gamma": 0.3, "width": 1.0, "refractory": 0.0, "decay_input": 0.0}  # refractory in seconds
SPIKE = {**FIRE, "decay_reset": 0.0}  # reset by subtraction
SPIKE_TO = {**FIRE, "v_reset": 0.0}  # reset to a potential
POSITIVE = ("threshold", "gamma", "width")
FIRE_RANGES = {"refractory": (0.0, math.inf), "decay_input": (0.0, 1.0)}
RANGES = {**FIRE_RANGES, "decay_reset": (0.0, 1.0)}


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


def integrate_or_hold(
    v: sympy.Expr,
    z: sympy.Expr,
    r: sympy.Expr,
    drive: sympy.Expr,
    dt: sympy.Expr,
    tau_m: sympy.Expr,
    decay_input: sympy.Expr,
    v_reset: sympy.Expr,
) -> sympy.Expr:
    """The potential where a spike sets it to `v_reset`: v(t) = a v'(t-1) + zeta drive, v' the potential after the spike z(t-1); held while refractory.

    Through which spike it was that set it nothing is learnt; nor through what was before, which it erases.

    Parameters
    ----------
    r : expression
        r(t-1), as `fire` has it.
    v_reset : expression
        In units of v.
    v, z, drive, dt, tau_m, decay_input
        As in a cell.
    """
    a, spiked, free = sympy.exp(-dt / tau_m), stop_gradient(z), is_free(r)
    left = v + spiked * (v_reset - v)
    return free * (a * left + (1 - decay_input * a) * drive) + (1 - free) * v_reset


def is_free(r: sympy.Expr) -> sympy.Expr:
    """1 where a unit may spike that had `r` steps of refractoriness ahead a step ago, else 0; whole steps but for rounding."""
    return 1 - heaviside(r - sympy.Rational(3, 2))


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
    psi = gamma / threshold * surrogate(absolute(distance) / (width * threshold))
    z = is_free(r) * spike(distance, psi)
    return z, stop_gradient(refractory / dt * z + relu(r - 1))
