"""Sympy's own functions in a printed formula, for arrays of any float type."""

from __future__ import annotations

from numpy import cos, exp, log, sin, sqrt, tanh

__all__ = ["cos", "exp", "log", "sin", "sqrt", "tanh"]
