"""The error by a loss's own law of single numbers; becomes ``compare.py`` in a package of kernels, in the place of softmax.py."""

from __future__ import annotations

from .learning import error  # pyright: ignore[reportMissingImports]
from .precision import inlined  # pyright: ignore[reportMissingImports]


@inlined
def compare(y, targets, loss_weight):
    """From outputs to their weighted error, in place, of one trial: (O,), (O,)."""
    for o in range(y.shape[0]):
        y[o] = loss_weight * error(y[o], targets[o])
