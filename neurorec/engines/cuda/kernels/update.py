"""From a change to new weights, a thread for each weight: clip, decay, the optimiser's law, keep in range."""

from __future__ import annotations

import math

from numba import cuda

from .precision import kernel, real  # pyright: ignore[reportMissingImports]
from .teaching import step  # pyright: ignore[reportMissingImports]


@kernel
def update(weights, change, slots, rates, least, squared, clip, decay, left, count, settings):
    """All of weights (P,), and slots (S, P), in place. Grid: any.

    squared (1,) is that of the change's norm over the weights that move; left is the share of the rates (P,) that annealing
    leaves; count the number of this update, from 1; settings those of the optimiser.
    """
    norm = math.sqrt(squared[0])
    shorter = real(clip / norm) if norm > clip else real(1)
    for p in range(cuda.grid(1), weights.shape[0], cuda.gridsize(1)):
        rate = rates[p] * left
        weight = weights[p] * (real(1) - rate * decay)
        weight += step(weight, change[p] * shorter, slots[:, p], rate, count, settings)
        weights[p] = least[p] if weight < least[p] else weight  # NaN stays
