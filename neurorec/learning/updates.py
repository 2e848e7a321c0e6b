"""From a change to new weights: clipping, decay, and the optimiser's step."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.errors import NotOffered

if TYPE_CHECKING:
    from neurorec.engines.base import Teaching


def settings_of(optimiser: Any) -> tuple[float, ...]:
    """An optimiser's fields, in their order."""
    return tuple(float(getattr(optimiser, f.name)) for f in dataclasses.fields(optimiser))


def expect_law(optimiser: Any) -> None:
    """Refuse an optimiser that moves the weights itself.

    Raises
    ------
    NotOffered
        Saying what it should do.
    """
    one, slots = np.ones(1, np.float32), np.zeros((len(optimiser.slots), 1), np.float32)
    if np.shape(optimiser.step(one, one, slots, one, 1, settings_of(optimiser))) != (1,):
        raise NotOffered(
            f"{type(optimiser).__name__}.step does not return how far the weights move; in the place of 'weights += rates * change' "
            "it says 'return rate * change', and leaves the weights alone"
        )


def apply(weights: np.ndarray, change: np.ndarray, slots: np.ndarray, count: int, teaching: Teaching) -> None:
    """Clip, decay, step, keep in range: in place."""
    clipped(change, teaching.rates, teaching.clip)
    if teaching.decay:
        weights *= 1 - teaching.rates * weights.dtype.type(teaching.decay)
    weights += teaching.optimiser.step(weights, change, slots, teaching.rates, count, settings_of(teaching.optimiser))
    np.maximum(weights, teaching.least, out=weights)


def clipped(change: np.ndarray, rates: np.ndarray, clip: float) -> None:
    """Shorten a change, in place, to the norm `clip` over the weights that move."""
    if clip < np.inf:
        norm = float(np.linalg.norm(change[rates > 0]))
        if norm > clip:
            change *= change.dtype.type(clip / norm)
