"""float64 on a GPU: for what stands still during a trial, where a few numbers a unit cost nothing and float32 would round twice."""

from __future__ import annotations

import math

from numpy import float64 as real

from neurorec.formula.cuda_single import inlined


@inlined
def exp(x):
    """Exponential."""
    return math.exp(x)


@inlined
def log(x):
    """Natural logarithm."""
    return math.log(x)


@inlined
def log1p(x):
    """log(1 + x)."""
    return math.log1p(x)


@inlined
def tanh(x):
    """Hyperbolic tangent."""
    return math.tanh(x)


__all__ = ["exp", "inlined", "log", "log1p", "real", "tanh"]
