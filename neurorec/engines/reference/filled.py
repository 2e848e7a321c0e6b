"""Sparse networks by definition: the dense network with zeros where there is no synapse, whose changes count on the pattern alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurorec.engines.base import OptimiserState, UpdateSettings
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights
from neurorec.process.memory import expect_memory


class Filled:
    """A network's weights as matrices, and the way back.

    Parameters
    ----------
    network : Network
        Sparse or not: of one that is not, everything stays as it is.
    weights : Weights

    Attributes
    ----------
    weights : Weights
        With `recurrent` (D N, K N).
    """

    def __init__(self, network: Network, weights: Weights):
        self.sparse, self.weights, self._places = weights, weights, None
        if (pattern := network.pattern) is None:
            return
        size, recurrent = pattern.shape[0] * pattern.shape[1], weights.spans["recurrent"]
        expect_memory(16 * size, "the reference's dense form of a sparse network", "use engine='numba', or fewer units")
        more = size - len(pattern.pre)
        within = recurrent.start + pattern.post.astype(np.int64) * pattern.shape[1] + pattern.pre
        others = np.arange(weights.vector.size)
        self._places = np.concatenate([others[: recurrent.start], within, others[recurrent.stop :] + more])
        self._size = weights.vector.size + more
        spans = {name: _moved(span, more if span.start >= recurrent.stop else 0) for name, span in weights.spans.items()}
        spans["recurrent"] = slice(recurrent.start, recurrent.stop + more)
        self.weights = Weights(self._filled(weights.vector), {**weights.shapes, "recurrent": pattern.shape}, spans)

    def _filled(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers of the synapses that exist, (.., P), with zeros for the others."""
        if self._places is None:
            return numbers
        out = np.zeros((*numbers.shape[:-1], self._size), numbers.dtype)
        out[..., self._places] = numbers
        return out

    def on_pattern(self, change: Weights) -> Weights:
        """A change of the matrices, of the synapses that exist."""
        return change if self._places is None else self.sparse.like(change.vector[self._places])

    def learning(self, state: OptimiserState, update_settings: UpdateSettings) -> tuple[OptimiserState, UpdateSettings]:
        """What the optimiser remembers, and its rates: zero where there is no synapse."""
        bounds = {name: self._filled(getattr(update_settings, name)) for name in ("rates", "lower_bounds")}
        return OptimiserState(self._filled(state.slots), state.count), replace(update_settings, **bounds)

    def give_back(self, state: OptimiserState, learnt: OptimiserState) -> None:
        """Write what became of weights and slots into those that this was made from."""
        if self._places is not None:
            self.sparse.vector[...], state.slots[...] = self.weights.vector[self._places], learnt.slots[..., self._places]


def _moved(span: slice, by: int) -> slice:
    return slice(span.start + by, span.stop + by)
