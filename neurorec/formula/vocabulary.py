"""Functions that a neuron's formula may use beside sympy's own, with their derivatives.

Every function here is printed as a call of the same name, so the engines' primitives
(``formula/primitives_numpy.py``, ``formula/primitives_numba.py``) must define it.
"""

from __future__ import annotations

import sympy


class heaviside(sympy.Function):
    """1 where the argument is positive, else 0; flat everywhere."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: zero (the jump has measure zero)."""
        return sympy.Integer(0)


class signum(sympy.Function):
    """-1, 0 or 1; flat everywhere."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: zero (the jump has measure zero)."""
        return sympy.Integer(0)


class absolute(sympy.Function):
    """Magnitude of a real argument."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: `signum`."""
        return signum(self.args[0])


class relu(sympy.Function):
    """The positive part of the argument."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: `heaviside`."""
        return heaviside(self.args[0])


class sigmoid(sympy.Function):
    """Logistic function, 1 / (1 + exp(-x))."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: s (1 - s)."""
        return self * (1 - self)


class softplus(sympy.Function):
    """Smooth rectifier, log(1 + exp(x))."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: `sigmoid`."""
        return sigmoid(self.args[0])


class triangle(sympy.Function):
    """Pseudo-derivative of a spike: 0.3 max(0, 1 - abs(x)) (Bellec 2020, doi:10.1038/s41467-020-17236-y)."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: none is needed of a surrogate."""
        return sympy.Integer(0)


class spike(sympy.Function):
    """1 where the argument is positive, else 0; learns through the surrogate slope `triangle`."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: the surrogate."""
        return triangle(self.args[0])


class stop_gradient(sympy.Function):
    """The argument itself, with derivative zero (the reset of e-prop)."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative: zero."""
        return sympy.Integer(0)
