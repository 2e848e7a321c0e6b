"""From a change to new weights: clipping, decay, and the optimiser's step."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.errors import NotOffered

if TYPE_CHECKING:
    from neurorec.engines.base import UpdateSettings


def hyperparameters(optimiser: Any) -> tuple[float, ...]:
    """An optimiser's fields, in their order."""
    return tuple(float(getattr(optimiser, f.name)) for f in dataclasses.fields(optimiser))


def expect_law(optimiser: Any) -> None:
    """Refuse an optimiser that moves the weights itself.

    Raises
    ------
    NotOffered
        Saying what it should do.
    """
    for law in optimiser.laws:
        _expect_single(law)


def _expect_single(law: Any) -> None:
    one, slots = np.ones(1, np.float32), np.zeros((len(law.slots), 1), np.float32)
    if np.shape(law.moves(one, one, slots, one, 1)) != (1,):
        raise NotOffered(
            f"{type(law).__name__}.step does not return how far the weights move; in the place of 'weights += rates * change' "
            "it says 'return rate * change', and leaves the weights alone"
        )


def apply(weights: np.ndarray, change: np.ndarray, slots: np.ndarray, count: int, update_settings: UpdateSettings) -> None:
    """Clip, decay, step, keep in range: in place."""
    clipped(change, update_settings.rates, update_settings.clip)
    if update_settings.decay:
        weights *= 1 - update_settings.rates * weights.dtype.type(update_settings.decay)
    weights += update_settings.optimiser.moves(weights, change, slots, update_settings.rates, count)
    np.maximum(weights, update_settings.lower_bounds, out=weights)


def clipped(change: np.ndarray, rates: np.ndarray, clip: float) -> None:
    """Shorten a change, in place, to the norm `clip` over the weights that move."""
    if clip < np.inf:
        norm = _norm(change[rates > 0])
        if norm > clip:
            change *= change.dtype.type(clip / norm)


def _norm(vector: np.ndarray) -> float:
    """Its root of squares, by the product that compiled loops call, too: another might add in another order."""
    from scipy.linalg import blas

    squared = {"f": blas.sdot, "d": blas.ddot}[vector.dtype.char]
    return float(np.sqrt(vector.dtype.type(squared(vector, vector)))) if vector.size else 0.0
