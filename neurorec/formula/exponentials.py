"""exp, expm1, log and log1p as plain arithmetic that LLVM vectorises; the C library's are a call of 16 ns for every number.

Written once for all float types; `single` and `double` hold the constants. NaN stays NaN, infinite arguments have their limits.
Only `Format.power` and `Format.split` look at bits: a target that cannot compile them brings its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

from neurorec.formula.entry import EXACT

written = numba.njit(**EXACT)


class Format(NamedTuple):
    """A float type, and polynomials of the degree that it needs.

    Attributes
    ----------
    real : type
    whole : float
        So large that a sum with it has no fractional digits.
    power : callable
        2^k of a whole number k, itself a float, where 2^k is a normal number.
    split : callable
        Of a positive normal x = 2^k (1 + f): k, a float, and f, with 1 + f in [sqrt(1/2), sqrt(2)).
    least, most : float
        Where exp is 0 and infinite.
    high, low : float
        log(2) in two parts, of which the first times a whole number is exact.
    growth : tuple of float
        Polynomial of (exp(r) - 1 - r) / r^2 in r, abs(r) < log(2) / 2.
    area : tuple of float
        Polynomial of (artanh(s) / s - 1) / s^2 in s^2, 0 <= s < 1/3.
    """

    real: Any
    whole: Any
    power: Callable
    split: Callable
    least: float
    most: float
    high: float
    low: float
    growth: tuple[float, ...]
    area: tuple[float, ...]


class Exponentials(NamedTuple):
    """Compiled functions of one number."""

    exp: Callable
    expm1: Callable
    log: Callable
    log1p: Callable


def exponentials(form: Format) -> Exponentials:
    """The functions of a float type, each accurate to 2 units in the last place.

    ``exp`` gives denormal numbers as well, ``log`` takes them. ``expm1`` is for negative numbers, ``log1p`` for those from
    0 to 1: there they lose nothing where x is small. Reduction by log(2) as in Cephes (Moshier 1989), log as in fdlibm (Sun 1993).
    """
    return Exponentials(*_exponentials(form), *_logarithms(form))


def _exponentials(form: Format) -> tuple[Callable, Callable]:
    """exp and expm1."""
    real, rounder, power, grown = form.real, form.whole, form.power, _polynomial(form.real, form.growth)
    least, most, high, low, turns = map(real, (form.least, form.most, form.high, form.low, 1 / np.log(2)))
    half, one, bound = map(real, (0.5, 1, -80))

    @written
    def whole(x):
        """The integer nearest to x."""
        return (x + rounder) - rounder

    @written
    def rise(x, k):
        """exp(x - k log(2)) - 1, of a small number."""
        r = (x - k * high) - k * low
        return r + r * r * grown(r)

    @written
    def exp(x):
        """Exponential."""
        x = least if x < least else x
        x = most if x > most else x
        k = whole(x * turns)
        first = whole(k * half)  # in two steps: 2^k itself may be too small or too large to be a number
        return (one + rise(x, k)) * power(first) * power(k - first)

    @written
    def expm1(x):
        """exp(x) - 1 of a negative number."""
        x = bound if x < bound else x
        k = whole(x * turns)
        scale = power(k)
        return scale * rise(x, k) + (scale - one)

    return exp, expm1


def _logarithms(form: Format) -> tuple[Callable, Callable]:
    """log and log1p."""
    real, split, kept, curved = form.real, form.split, np.finfo(form.real), _polynomial(form.real, form.area)
    high, low, half, two, infinite, none = map(real, (form.high, form.low, 0.5, 2, np.inf, np.nan))
    smallest, many, shift = real(kept.tiny), real(2.0 ** (kept.nmant + 2)), real(kept.nmant + 2)

    @written
    def log(x):
        """Natural logarithm."""
        k, f = split(x * many if x < smallest else x)
        k = k - shift if x < smallest else k
        s = f / (two + f)
        z, square = s * s, half * f * f
        found = k * high - ((square - (s * (square + two * z * curved(z)) + k * low)) - f)
        found = found if x < infinite else x  # infinite, or NaN
        return found if x > real(0) else (-infinite if x == real(0) else none)

    @written
    def log1p(x):
        """log(1 + x) of a number from 0 to 1."""
        s = x / (two + x)
        z = s * s
        return two * s + two * s * z * curved(z)

    return log, log1p


def _polynomial(real: Any, coefficients: tuple[float, ...]) -> Callable:
    """A polynomial of one number by Horner's rule; the first coefficient is the constant."""
    last = real(coefficients[-1])
    if len(coefficients) == 1:
        return written(lambda x: last)
    first, rest = real(coefficients[0]), _polynomial(real, coefficients[1:])
    return written(lambda x: first + x * rest(x))
