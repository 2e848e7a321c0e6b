"""How far two arrays point the same way."""

from __future__ import annotations

import numpy as np


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """<a, b> / (|a| |b|) of two arrays of one shape; 0 where one of them is zero."""
    # float64: the square of a large float32 weight overflows
    a, b = a.ravel().astype(float), b.ravel().astype(float)
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size else 0.0


def degrees(a: np.ndarray, b: np.ndarray) -> float:
    """The angle between them, 0 to 180; 90 where one of them is zero."""
    return float(np.degrees(np.arccos(np.clip(cosine(a, b), -1, 1))))
