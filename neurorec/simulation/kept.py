"""What simulations take of a network, found once: a network is frozen, and a small one runs in less time than that takes."""

from __future__ import annotations

from typing import Any, final
from weakref import WeakKeyDictionary

import numpy as np

from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.weights import Weights
from neurorec.simulation.stimulus import start

MOST = 2**16  # weights: of more, a trial takes longer than finding them


@final
class Kept:
    """A network's weights and initial state, as an engine takes them; nobody changes them.

    Attributes
    ----------
    weights : Weights
    states : tuple of (int, str)
        Places and names of the cell's own states.
    learnt_directly : tuple of str
        Weights that are learnt themselves, without feedback and parameters of the units.
    """

    def __init__(self, network: AbstractNetwork, dtype: Any):
        self.weights = Weights.of(network, dtype)
        self.weights.fixed = True
        self.states = tuple((k, name) for k, name in enumerate(network.formula.states) if name in network.own_states)
        self.learnt_directly = tuple(name for name in self.weights.spans if name not in ("feedback", "parameters", *network.learnt))
        self._start = np.empty((0, 0, 0), dtype)

    def start(self, network: AbstractNetwork, trials: int) -> np.ndarray:
        """State before the first step, (k, B, N)."""
        if self._start.shape[1] != trials:
            self._start = start(network, trials, None, self._start.dtype)
        return self._start


_KEPT: WeakKeyDictionary[AbstractNetwork, dict[Any, Kept]] = WeakKeyDictionary()


def kept(network: AbstractNetwork, dtype: Any) -> Kept:
    """Of a small network the same at every call."""
    of_network = _KEPT.get(network)
    found = None if of_network is None else of_network.get(dtype)
    if found is None:
        found = Kept(network, dtype)
        if found.weights.vector.size <= MOST:
            _KEPT.setdefault(network, {})[dtype] = found
    return found
