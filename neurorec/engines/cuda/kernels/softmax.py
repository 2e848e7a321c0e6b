"""The error of outputs that are logits; becomes ``compare.py`` in a package of kernels, as identity.py and by_law.py do for other losses."""

from __future__ import annotations

import math

from .precision import inlined, real  # pyright: ignore[reportMissingImports]


@inlined
def compare(y, targets, loss_weight):
    """From outputs to their weighted error, target - softmax(y), in place, of one trial: (O,), (O,)."""
    top, total, wanted = y[0], real(0), real(0)
    for o in range(y.shape[0]):
        top = max(top, y[o])
    for o in range(y.shape[0]):
        y[o] = math.exp(y[o] - top)
        total += y[o]
        wanted += targets[o]
    for o in range(y.shape[0]):
        y[o] = loss_weight * (targets[o] - y[o] * (wanted / total))
