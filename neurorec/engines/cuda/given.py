"""What trials give a network, on the GPU: sent there for one batch, or a part of what was sent for many."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurorec.engines.base import Stimulus
from neurorec.engines.cuda.memory import Memory
from neurorec.random_numbers.noise import PrivateNoise


class Given(NamedTuple):
    """GPU arrays.

    Attributes
    ----------
    outside : (T, B, I + 1) array
        Inputs and a one, which the bias multiplies.
    initial : (k, B, N) array
        State before the first step.
    key, counted : (2,) arrays of uint64
        Words of the noise, and numbers of its first step and trial.
    scale : float
        Of the noise; 0: there is none.
    """

    outside: Any
    initial: Any
    key: Any
    counted: Any
    scale: float

    @property
    def steps(self) -> int:
        """T."""
        return self.outside.shape[0]

    @property
    def trials(self) -> int:
        """B."""
        return self.outside.shape[1]


def sent(memory: Memory, stimulus: Stimulus, before: Any = None) -> Given:
    """A stimulus on its way to the GPU; `before`, a state that is there already, in the place of its initial state."""
    key, counted, scale = words(stimulus.noise)
    return Given(
        memory.upload("outside", with_one(stimulus.inputs)),
        memory.upload("initial", stimulus.initial) if before is None else before,
        memory.upload("key", key, np.uint64),
        memory.upload("counted", counted, np.uint64),
        scale,
    )


def with_one(inputs: np.ndarray) -> np.ndarray:
    """Inputs (..., I) and a one, (..., I + 1)."""
    return np.concatenate([inputs, np.ones((*inputs.shape[:-1], 1), inputs.dtype)], axis=-1)


def words(noise: PrivateNoise | None) -> tuple[np.ndarray, np.ndarray, float]:
    """Key, numbers of the first step and trial, and scale of a noise."""
    if noise is None:
        return np.zeros(2, np.uint64), np.zeros(2, np.uint64), 0.0
    return np.array(noise.key, np.uint64), np.array((noise.step, noise.trial), np.uint64), noise.scale
