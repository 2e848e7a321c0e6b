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
        All of them, in the order of the network's ``parts``: recurrent, input, bias, readout, feedback, parameters, and the free
        parameters of `recurrent`, if any; a torch module's own weights, by their names, come in the place of the first three.
    recurrent, input, bias, readout, feedback : arrays
        Views of `vector`, shaped as in `Network`.
    parameters : (Q, N) array
        View: every parameter of the cell and its filter, one value a unit.
    fixed : bool
        Whether nobody changes them any more, so that what is made of them may be kept.
    """

    fixed = False

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
        if name not in self._views:
            self._views[name] = self.vector[self.spans[name]].reshape(self.shapes[name])
        return self._views[name]

    def like(self, vector: np.ndarray) -> Weights:
        """Another vector under the same names."""
        return Weights(vector, self.shapes, self.spans)

    def zeros(self) -> Weights:
        """Zeros under the same names, to which changes are added."""
        vector = aligned(self.vector.shape, self.vector.dtype)
        vector.fill(0)
        return self.like(vector)

    def into(self, network: AnyNetwork) -> AnyNetwork:
        """The network with these weights in it.

        A weight that, rounded to this float type, equals the network's stays the network's: what did not change is the same bit for bit.
        """
        return network.with_parts({name: self._changed(name, own) for name, own in network.parts().items()})

    def _changed(self, name: str, own: np.ndarray) -> np.ndarray:
        now = self.view(name)
        return np.where(own.astype(now.dtype) == now, own, now)

    def per_weight(self, network: AbstractNetwork, values: Mapping[str, float | np.ndarray]) -> np.ndarray:
        """One number a weight, (P,), from one number a name, or an array shaped as the weight; zero where a name is missing."""
        out = self.zeros()
        for name, value in values.items():
            if name in self.spans:
                out.view(name)[...] = value
            else:
                out.parameters[network.formula.parameters.index(name)] = value
        return out.vector


def lower_bounds(network: AbstractNetwork, weights: Weights) -> np.ndarray:
    """Smallest value of every weight, (P,): just above dt for plastic time constants, which a step could not follow, and those of the parametrisation."""
    bounds = weights.like(np.full_like(weights.vector, -np.inf))
    for name, value in network.lower_bounds.items():
        bounds.view(name)[...] = value
    for name in network.formula.plastic:
        if name.startswith("tau"):
            bounds.parameters[network.formula.parameters.index(name)] = np.nextafter(
                weights.vector.dtype.type(network.dt), np.inf, dtype=weights.vector.dtype
            )
    return bounds.vector
