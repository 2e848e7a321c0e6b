"""All weights of a network as one flat vector with named views: what engines and optimisers work on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from neurorec.abstract_network import AbstractNetwork
from neurorec.arrays import aligned, only, real_array
from neurorec.errors import ValueRefused

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
        """The network with these weights in it."""
        return network.with_parts({name: self.view(name) for name in self.spans})

    def spread(self, network: AbstractNetwork, values: Mapping[str, float]) -> np.ndarray:
        """One number a weight, (P,), from one number a name; zero where a name is missing."""
        out = self.zeros()
        for name, value in values.items():
            if name in self.spans:
                out.view(name)[...] = value
            else:
                out.parameters[network.formula.parameters.index(name)] = value
        return out.vector


def rates_by_name(network: AbstractNetwork, rule: Any, feedback: Any, rate: float | Mapping[str, float]) -> dict[str, float]:
    """The learning rate of every weight that will change.

    Raises
    ------
    ValueRefused
        If a rate is no positive number, a plastic weight has none, or nothing would change.
    """
    moving = [each for name in network.plastic if rule.may_change(name) for each in _moved_for(network, name)]
    if not moving:
        raise ValueRefused(
            f"nothing would change: plastic weights are {', '.join(network.plastic) or 'none'}, and {type(rule).__name__} changes none of them"
        )
    if isinstance(rate, Mapping):
        only("plastic weight (in rate)", rate, moving)
        if missing := [name for name in moving if name not in rate]:
            raise ValueRefused(f"no rate for {', '.join(missing)}; give one each, 0 to keep a weight as it is, or one number for all")
    found = {name: float(real_array("rate", rate[name] if isinstance(rate, Mapping) else rate, ())) for name in moving}
    if min(found.values()) < 0:
        raise ValueRefused(f"rates must be zero or positive, got {rate}")
    # Kolen-Pollack: feedback follows the readout at the same rate, or the two would not converge.
    return {**found, "feedback": found["readout"]} if feedback.plastic and "readout" in found else found


def _moved_for(network: AbstractNetwork, name: str) -> tuple[str, ...]:
    """What an optimiser moves so that a weight changes: the free parameters of `recurrent`, if it has some."""
    return network.learnt if name == "recurrent" and network.learnt else (name,)


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
