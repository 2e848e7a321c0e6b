"""Sympy's own functions in a printed formula, inside a Numba kernel: scalars, inlined, vectorised.

Copied, as it stands, into each model's package (`neurorec.formula.cache`), where ``.precision`` is `single` or `double`.
"""

from __future__ import annotations

import math

from .precision import exp, inlined, log, real, tanh  # pyright: ignore[reportMissingImports]

__all__ = ["cos", "exp", "log", "sin", "sqrt", "tanh"]


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
