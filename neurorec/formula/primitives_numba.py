"""The functions that a printed formula calls inside a Numba kernel: scalars, inlined, vectorised.

Copied, as it stands, into each model's package (`neurorec.formula.cache`), where ``.precision`` is `single` or `double`.
"""

from __future__ import annotations

import math

from .precision import exp, inlined, log, log1p, real, tanh  # pyright: ignore[reportMissingImports]

__all__ = [
    "absolute",
    "cos",
    "exp",
    "heaviside",
    "log",
    "relu",
    "sigmoid",
    "signum",
    "sin",
    "softplus",
    "spike",
    "sqrt",
    "tanh",
    "triangle",
]

ZERO, HALF, ONE, SLOPE = real(0), real(0.5), real(1), real(0.3)


@inlined
def sqrt(x):
    """Square root."""
    return real(math.sqrt(x))


@inlined
def sin(x):
    """Sine."""
    return real(math.sin(x))


@inlined
def cos(x):
    """Cosine."""
    return real(math.cos(x))


@inlined
def absolute(x):
    """Magnitude."""
    return abs(x)


@inlined
def signum(x):
    """-1, 0 or 1."""
    return ONE if x > ZERO else (-ONE if x < ZERO else x)


@inlined
def heaviside(x):
    """1 where `x` > 0, else 0."""
    return ONE if x > ZERO else ZERO


@inlined
def spike(x):
    """1 where `x` > 0, else 0."""
    return ONE if x > ZERO else ZERO


@inlined
def relu(x):
    """The positive part, NaN kept."""
    return ZERO if x < ZERO else x


@inlined
def sigmoid(x):
    """Logistic function by tanh, which cannot overflow."""
    return HALF + HALF * tanh(HALF * x)


@inlined
def softplus(x):
    """log(1 + exp(x)) without overflow."""
    return relu(x) + log1p(exp(-abs(x)))


@inlined
def triangle(x):
    """Surrogate slope of a spike."""
    return SLOPE * relu(ONE - abs(x))
