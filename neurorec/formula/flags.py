"""How Numba compiles: Python's error model puts a branch on every division and stops vectorisation; NaN and inf keep their meaning."""

from __future__ import annotations

FLAGS = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "arcp", "nsz"}}
