"""The functions that a printed formula calls inside a float32 Numba kernel: scalars, inlined, vectorised."""

from __future__ import annotations

import math

import numba
import numpy as np

real = np.float32
# Python's error model puts a branch on every division and stops vectorisation; these flags keep NaN and inf meaningful.
FLAGS = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "arcp", "nsz"}}
inlined = numba.njit(inline="always", **FLAGS)

ZERO, HALF, ONE, SLOPE = real(0), real(0.5), real(1), real(0.3)

# Minimax fit of tanh(x)/x in x^2 on [-8, 8]; absolute error below 4e-7, odd, exact at 0, at most 1. The library's
# tanh is a scalar call of 16 ns; this one vectorises.
P = tuple(map(real, (1.0, 0.137261835, 3.92660187e-3, 2.92043931e-5, 3.35704785e-8, -1.45465777e-11)))
Q = tuple(map(real, (1.0, 0.470595165, 2.74583296e-2, 4.04208123e-4, 1.37232057e-6)))
EDGE = real(8)


@inlined
def tanh(x):
    """Rational tanh, NaN kept."""
    x = EDGE if x > EDGE else x
    x = -EDGE if x < -EDGE else x
    s = x * x
    top = x * (P[0] + s * (P[1] + s * (P[2] + s * (P[3] + s * (P[4] + s * P[5])))))
    return top / (Q[0] + s * (Q[1] + s * (Q[2] + s * (Q[3] + s * Q[4]))))


@inlined
def exp(x):
    """Exponential."""
    return real(math.exp(x))


@inlined
def log(x):
    """Natural logarithm."""
    return real(math.log(x))


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
def sign(x):
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
    return relu(x) + real(math.log1p(math.exp(-abs(x))))


@inlined
def triangle(x):
    """Surrogate slope of a spike."""
    return SLOPE * relu(ONE - abs(x))
