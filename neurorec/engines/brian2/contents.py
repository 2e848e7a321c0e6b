"""What a circuit's variables hold at first, and its arrays over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from neurorec.engines.base import Stimulus
from neurorec.engines.brian2.circuit_text import BETWEEN
from neurorec.engines.brian2.unit_text import UnitText
from neurorec.engines.reference.unit import Unit
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

Content = tuple[str, str, np.ndarray]  # part, variable, values: (members,), (B, members), or of synapses (targets, sources)


def values(network: Network, weights: Weights, stimulus: Stimulus, unit: UnitText, back: np.ndarray | None = None) -> Iterator[Content]:
    """Weights, biases, parameters, first states and outputs; with `back`, (K N, O), the feedback."""
    matrices = {"recurrent": weights.recurrent, "readout": weights.readout}
    matrices |= {"input": weights.input} if network.inputs else {}
    matrices |= {} if back is None else {"feedback": back}
    for part, matrix in matrices.items():
        yield from ((part, f"w_{ends}", block) for ends, block in by_drive_and_output(part, matrix, sizes(network)))
    yield from (("units", f"bias_{d}", row) for d, row in enumerate(weights.bias.reshape(-1, network.units)))
    yield from (("units", name, row) for name, row in zip(unit.parameters, weights.parameters, strict=True))
    yield from (("units", name, rows) for name, rows in zip(unit.states, np.asarray(stimulus.initial, float), strict=True))
    yield from (("units", f"out_{k}", rows) for k, rows in enumerate(sent(network, weights, stimulus)))


def arrays(network: Network, stimulus: Stimulus) -> dict[str, np.ndarray]:
    """Inputs and noise over time, (T, B * members), of all trials beside one another."""
    found = {"inputs_array": beside(stimulus.inputs)} if network.inputs else {}
    if stimulus.noise is not None:
        by_drive = np.split(stimulus.noise.rows(np.float64), len(network.bias) // network.units, axis=2)
        found |= {f"noise_{d}": beside(each) for d, each in enumerate(by_drive)}
    return found


def sizes(network: Network) -> dict[str, int]:
    """Members of each group in one trial."""
    return {"units": network.units, "outputs": network.outputs, "inputs": network.inputs}


def beside(over_time: np.ndarray) -> np.ndarray:
    """(T, B, members) as (T, B * members)."""
    return np.ascontiguousarray(over_time, float).reshape(len(over_time), -1)


def sent(network: Network, weights: Weights, stimulus: Stimulus) -> np.ndarray:
    """What units send before the first step, (K, B, N)."""
    return Unit(network, weights).output(np.asarray(stimulus.initial, float))


def by_drive_and_output(part: str, matrix: np.ndarray, members: Mapping[str, int]) -> Iterator[tuple[str, np.ndarray]]:
    """A matrix (D targets, K sources) by drive and output: ends of names, and views."""
    sources, targets = (members[each] for each in BETWEEN[part])
    for d in range(len(matrix) // targets):
        for k in range(matrix.shape[1] // sources):
            yield f"{d}_{k}", matrix[d * targets : (d + 1) * targets, k * sources : (k + 1) * sources]
