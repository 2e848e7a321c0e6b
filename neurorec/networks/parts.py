"""The arrays of a network of cells: as an optimiser sees them, and as a file does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.networks.checks import WEIGHTS
from neurorec.networks.pattern import strengths

if TYPE_CHECKING:
    from neurorec.networks.network import Network


def parts_of(network: Network) -> dict[str, np.ndarray]:
    """As `Network.parts` says."""
    rows = [network.per_unit(p) for p in network.formula.parameters]
    weights = {name: strengths(getattr(network, name)) for name in WEIGHTS}
    free = {name: network.free[name] for name in network.learnt}
    return {**weights, "parameters": np.array(rows).reshape(len(rows), network.units), **free}


def learnable_of(network: Network) -> int:
    """As `Network.learnable` says."""
    sizes = {name: getattr(network, name).size if name in WEIGHTS else network.units for name in network.plastic}
    if network.learnt and "recurrent" in sizes:
        absent = np.count_nonzero(network.free["mask"] == 0) if "mask" in network.free else 0
        sizes["recurrent"] = sum(network.free[name].size for name in network.learnt) - absent
    return sum(sizes.values())


def changes_for(network: Network, parts: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Fields of the network with other arrays in the place of its `parts`; a pattern of synapses stays as it is."""
    rows = zip(network.formula.parameters, parts["parameters"], strict=True)
    changed = {name: row for name, row in rows if name in network.plastic}
    weights: dict[str, Any] = {name: parts[name] for name in WEIGHTS}
    if network.pattern is not None:
        weights["recurrent"] = network.pattern.sharing(parts["recurrent"])
    free = {**network.free, **{name: parts[name] for name in network.learnt}}
    return {**weights, "parameters": {**network.parameters, **changed}, "free": free}


def stored_of(network: Network) -> dict[str, np.ndarray]:
    """As `AbstractNetwork.stored` says."""
    arrays = {name: strengths(getattr(network, name)) for name in network.axes}
    arrays |= {f"parameters/{name}": network.per_unit(name) for name in network.parameters}
    arrays |= {f"free/{name}": array for name, array in network.free.items()}
    return arrays | ({} if network.pattern is None else network.pattern.stored())
