"""What a chunk takes of its batches besides inputs and targets, and room for what it keeps of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurorec.engines.base import UpdateSettings
from neurorec.engines.base.chunk import Batches, Learnt
from neurorec.networks.weights import Weights


class Kept:
    """Room for what is kept of every batch, filled by a chunk.

    Parameters
    ----------
    batches : Batches
    weights : Weights
    update_settings : UpdateSettings
        Which say whether the feedback learns: then it is kept after each batch, else once.
    states : array
        Of one batch, (T + 1, k, B, N).
    """

    def __init__(self, batches: Batches, weights: Weights, update_settings: UpdateSettings, states: np.ndarray):
        n, dtype = len(batches.inputs), states.dtype
        follows = bool(update_settings.rates[weights.spans["feedback"]].any())
        self._batches, self._ended = batches, batches.initial.copy()
        self._states: np.ndarray = np.empty((int(batches.recorded.sum()), *states.shape), dtype)
        self._readouts = np.empty(batches.targets.shape, dtype)
        self._readout = np.empty((n, *weights.readout.shape), dtype)
        self._feedback: np.ndarray = np.empty((n if follows else 1, *weights.feedback.shape), dtype)

    @property
    def start(self) -> tuple[Any, ...]:
        """The initial state in one row, which changes in place where it is carried over, and whether it is."""
        return self._ended.reshape(-1), self._batches.carried

    @property
    def arguments(self) -> tuple[np.ndarray, ...]:
        """As chunks take them last: room for readouts; which batches' states are kept, where; room for these, and for readout and feedback weights."""
        recorded, states = self._batches.recorded, self._states
        places = np.where(recorded, np.cumsum(recorded) - 1, -1)
        kept = states.reshape(len(states), states.shape[1], math.prod(states.shape[2:]))
        return self._readouts, places, kept, row(self._readout), row(self._feedback)

    def learnt(self, done: int) -> Learnt:
        """After a chunk that learnt from so many batches."""
        return Learnt(done, self._readouts, self._states, _alignments(self._readout[:done], self._feedback[:done]), self._ended)

    def transpose_feedback(self) -> None:
        """Feedback weights were kept as (O, K N): transpose them."""
        n, rows, channels = self._feedback.shape
        self._feedback = np.ascontiguousarray(self._feedback.reshape(n, channels, rows).transpose(0, 2, 1))


def _alignments(readout: np.ndarray, feedback: np.ndarray) -> np.ndarray:
    """`neurorec.arrays.cosine` of the readout's transpose, (n, O, K N), and the feedback, (n or 1, K N, O), after each batch."""
    n = len(readout)
    a = readout.transpose(0, 2, 1).reshape(n, math.prod(readout.shape[1:])).astype(float)
    b = feedback.reshape(len(feedback), math.prod(feedback.shape[1:])).astype(float)
    size = np.sqrt(np.vecdot(a, a)) * np.sqrt(np.vecdot(b, b))
    return np.divide(np.vecdot(a, b), size, out=np.zeros(n), where=size > 0)


def row(array: np.ndarray) -> np.ndarray:
    """All dimensions but the first in one."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def noise_of(batches: Batches, silent: int, width: int) -> tuple[Any, ...]:
    """Key, first trial and scale of the noise, and room for that of a batch, (T, B, D N), or of `silent` steps without any, which are zeros."""
    noise, (_, steps, trials, _) = batches.noise, batches.inputs.shape
    words, scale = ((*noise.key, noise.trial), noise.scale) if noise else ((0, 0, 0), 0.0)
    return *map(np.uint64, words), float(scale), np.zeros((steps if noise else silent, trials, width), batches.inputs.dtype)
