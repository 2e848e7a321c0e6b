"""All weights of a network as one flat vector with named views: what engines and optimisers work on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from neurorec.arrays import aligned
from neurorec.networks.abstract_network import AbstractNetwork

AnyNetwork = TypeVar("AnyNetwork", bound=AbstractNetwork)


class Weights:
    """The weights of one network in one float type.

    Attributes
    ----------
    vector : (P,) array
        Everything, in the order of the network's ``parts``: recurrent, input, bias, readout, feedback, parameters, and what
        `recurrent` is made of, if anything; a torch module's own weights, by their names, come in the place of the first three.
    recurrent, input, bias, readout, feedback : arrays
        Views of `vector`, shaped as in `Network`.
    parameters : (Q, N) array
        View: every parameter of the cell and its filter, one value a unit.
    """

    def __init__(self, vector: np.ndarray, shapes: Mapping[str, tuple[int, ...]], spans: Mapping[str, slice]):
        self.vector, self.shapes, self.spans = vector, shapes, spans
        self._views: dict[str, np.ndarray] = {}

    @classmethod
    def of(cls, network: AbstractNetwork, dtype: Any) -> Weights:
        """The weights of a network, copied."""
        parts = network.parts()
        vector = aligned((sum(part.size for part in parts.values()),), dtype)
        np.concatenate([part.ravel() for part in parts.values()], out=vector, casting="same_kind")
        ends = np.cumsum([part.size for part in parts.values()])
        spans = {name: slice(int(end) - part.size, int(end)) for (name, part), end in zip(parts.items(), ends, strict=True)}
        return cls(vector, {name: part.shape for name, part in parts.items()}, spans)

    recurrent = property(lambda self: self.view("recurrent"))
    input = property(lambda self: self.view("input"))
    bias = property(lambda self: self.view("bias"))
    readout = property(lambda self: self.view("readout"))
    feedback = property(lambda self: self.view("feedback"))
    parameters = property(lambda self: self.view("parameters"))

    def view(self, name: str) -> np.ndarray:
        """One of the arrays, without a copy."""
        found = self._views.get(name)
        if found is None:
            found = self._views[name] = self.vector[self.spans[name]].reshape(self.shapes[name])
        return found

    def like(self, vector: np.ndarray) -> Weights:
        """Another vector under the same names."""
        return Weights(vector, self.shapes, self.spans)

    def zeros(self) -> Weights:
        """Nothing, in the same shapes: where a change is summed."""
        vector = aligned(self.vector.shape, self.vector.dtype)
        vector.fill(0)
        return self.like(vector)

    def into(self, network: AnyNetwork) -> AnyNetwork:
        """The network with these weights in it.

        Where a weight is, in this float type, what it is in the network, the network's own number stays: what did not move is
        the same to the last bit.
        """
        return network.with_parts({name: self._moved(name, own) for name, own in network.parts().items()})

    def _moved(self, name: str, own: np.ndarray) -> np.ndarray:
        now = self.view(name)
        return np.where(own.astype(now.dtype) == now, own, now)

    def spread(self, network: AbstractNetwork, values: Mapping[str, float | np.ndarray]) -> np.ndarray:
        """One number a weight, (P,), from one number a name, or an array shaped as the weight; zero where a name is missing."""
        out = self.zeros()
        for name, value in values.items():
            if name in self.spans:
                out.view(name)[...] = value
            else:
                out.parameters[network.formula.parameters.index(name)] = value
        return out.vector


def least_values(network: AbstractNetwork, weights: Weights) -> np.ndarray:
    """Smallest value of every weight, (P,): dt for plastic time constants, which a step could not follow otherwise, and what the map asks for."""
    least = weights.like(np.full_like(weights.vector, -np.inf))
    for name, value in network.least.items():
        least.view(name)[...] = value
    for name in network.formula.plastic:
        if name.startswith("tau"):
            least.parameters[network.formula.parameters.index(name)] = np.nextafter(
                weights.vector.dtype.type(network.dt), np.inf, dtype=weights.vector.dtype
            )
    return least.vector
