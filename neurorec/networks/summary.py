"""What a network shows of itself in a shell or a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from neurorec.display import Rows, briefly, several, shape, some, span
from neurorec.networks.pattern import strengths

if TYPE_CHECKING:
    from neurorec.networks.abstract_network import AbstractNetwork
    from neurorec.networks.module_network import ModuleNetwork
    from neurorec.networks.network import Network


def network_rows(network: Network) -> tuple[str, Rows]:
    """Sizes, and rows of name and value, of a network of cells."""
    cell = network.cell if network.filter is None else f"{network.cell}, its input through {network.filter}"
    times = (*network.component_classes[0].whole_steps, *(name for name in network.parameters if name.startswith("tau")))
    parameters = (f"{name} {span(value)}{' s' if name in times else ''}" for name, value in network.parameters.items())
    made = f"made by {network.parametrisation} from {several(network.learnt)}" if network.parametrisation else _gain(network)
    cell += "" if network.surrogate is None else f", learning through {network.surrogate}"
    rows = [
        ("cell", f"{cell}; states {several(network.formula.states)}"),
        ("dt", f"{network.dt:g} s"),
        ("parameters", several(parameters)),
        ("weights", _shapes({name: getattr(network, name) for name in ("recurrent", "input", "readout", "feedback")})),
        ("recurrent", made),
        ("plastic", _plastic(network)),
    ]
    rows += [("readout", f"through a filter of {network.readout_tau:g} s")] if network.readout_tau else []
    cost = f"{network.activity_cost:g}, from a mean of {network.activity_target:g}"
    rows += [("activity", f"costs {cost}")] if network.activity_cost else []
    return network.sizes, [*rows, *([("noise", f"{network.noise:g} sqrt(s)")] if network.noise else [])]


def module_rows(network: ModuleNetwork) -> tuple[str, Rows]:
    """The same of a torch module's."""
    rows = [
        ("architecture", f"{network.architecture}; states {several(network.own_states)}"),
        ("settings", briefly(network.settings)),
        ("dt", f"{network.dt:g} s"),
        ("weights", _shapes({**network.weights, "readout": network.readout})),
        ("plastic", _plastic(network)),
    ]
    return network.sizes, [row for row in rows if row[1] != "-"]


def _shapes(arrays: Mapping[str, np.ndarray]) -> str:
    return several(f"{name} {shape(array)}" for name, array in arrays.items())


def _plastic(network: AbstractNetwork) -> str:
    return f"{some(network.learnable, 'number')}: {several(network.plastic)}"


def _gain(network: Network) -> str:
    """g of recurrent weights N(0, g^2 / N), which says whether tanh units are chaotic, and the share of absent weights."""
    recurrent = network.recurrent
    if network.pattern:
        density = recurrent.size / np.prod(recurrent.shape, dtype=float)
        gain = np.sqrt(network.units * density * np.mean(strengths(recurrent) ** 2)) if recurrent.size else 0.0
        return f"gain {gain:.3g}, {some(recurrent.size, 'synapse')}, {density:.3g} of all"
    absent = float(np.mean(recurrent == 0))
    return f"gain {recurrent.std() * np.sqrt(network.units):.3g}" + (f", {absent:.0%} absent" if absent else "")
