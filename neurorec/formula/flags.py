"""How Numba compiles: Python's error model puts a branch on every division and stops vectorisation; NaN and inf keep their meaning.

`EXACT` is for arithmetic whose order is its point: a sum that LLVM may rearrange loses what a correction puts back.
"""

from __future__ import annotations

FLAGS = {"error_model": "numpy", "fastmath": {"contract", "reassoc", "arcp", "nsz"}}
EXACT = {"error_model": "numpy", "fastmath": {"contract"}}
