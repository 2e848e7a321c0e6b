"""The engine on Brian2: the same network in the simulator that neuroscientists trust, as a cross-check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings, in_turn
from neurorec.engines.brian2.circuit_text import circuit
from neurorec.engines.brian2.objects import Circuit, quietly
from neurorec.engines.brian2.unit_text import STEP, UnitText
from neurorec.errors import NotOffered
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


class Brian2Engine(AbstractEngine):
    """Brian2 (Stimberg et al. 2019, doi:10.7554/eLife.47314) runs the network, and a local rule's eligibility traces as variables of synapses.

    Equations and update statements are printed from the cell's formula; states and changes are the reference's but for rounding. Trials
    are copies of the network beside one another. It generates NumPy code, without a compiler: hundreds of times slower than the compiled engine.
    """

    dtype = np.float64
    tolerance = 1e-12
    offers = frozenset({"trial"})
    through_units = False

    def forward(self, network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        unit = _unit(network, stimulus)
        with quietly():
            made = _made(network, weights, stimulus, unit, {})
            outputs = [f"out_{k}" for k in unit.outputs]
            found = made.run({"units": [*unit.states, *unit.ports, *outputs], "outputs": ["y"]})
        states, drives, emitted = np.split(found["units"], np.cumsum([len(unit.states), len(unit.ports)]), axis=1)
        start, sent = np.asarray(stimulus.initial, float)[None], _sent(network, weights, stimulus)[None]
        return Activity(np.concatenate([start, states]), drives, np.concatenate([sent, emitted]), found["outputs"][:, 0])

    def change(
        self,
        network: Network,
        weights: Weights,
        stimulus: Stimulus,
        activity: Activity,
        error: np.ndarray,
        rule: AbstractRule,
        feedback: AbstractFeedback,
    ) -> Weights:
        """With time, by the traces of every synapse; the trials run once more."""
        unit, back = _unit(network, stimulus), feedback.element(weights.readout.T, weights.feedback)
        with quietly():
            made = _made(network, weights, stimulus, unit, {"error_array": _beside(error)}, back)
            made.run({})
        change = weights.zeros()
        for name in ("recurrent", *(["input"] if network.inputs else []), "readout"):
            _gather(change.view(name), made, name)
        for d in unit.drives:
            change.bias.reshape(-1, network.units)[d] = made.summed("units", f"change_bias_{d}", (network.units,))
        for q, name in enumerate(network.formula.plastic):
            change.parameters[network.formula.parameters.index(name)] = made.summed("units", f"change_par_{q}", (network.units,))
        change.feedback[...] = change.readout.T
        return change

    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> NoReturn:
        """Refused: weights stand still during a trial."""
        raise NotOffered("the brian2 engine keeps weights still during a trial; use update='trial', or engine='numba'")

    def expect(self, network: Network, update_settings: UpdateSettings, schedule: str) -> None:
        """It can run all that it offers."""

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says."""
        return in_turn(self, network, weights, stimuli)


def _unit(network: Network, stimulus: Stimulus) -> UnitText:
    return UnitText(network.formula, stimulus.noise is not None)


def _made(
    network: Network, weights: Weights, stimulus: Stimulus, unit: UnitText, arrays: dict[str, Any], back: np.ndarray | None = None
) -> Circuit:
    """Objects with the network's weights and first states in them; with `back`, (K N, O), for learning."""
    steps, trials = stimulus.inputs.shape[:2]
    sizes = {"units": network.units, "outputs": network.outputs, "inputs": network.inputs}
    parts = circuit(unit, network.inputs, learning=back is not None)
    made = Circuit(parts, sizes, trials, steps, network.dt, {STEP: network.dt, **arrays, **_arrays(network, stimulus)})
    for name in parts.keys() & {"recurrent", "input", "readout"}:
        _spread(made, name, weights.view(name))
    if back is not None:
        _spread(made, "feedback", back)
    for d in unit.drives:
        made.set("units", f"bias_{d}", weights.bias.reshape(-1, network.units)[d])
    for name, values in zip(unit.parameters, weights.parameters, strict=True):
        made.set("units", name, values)
    for name, values in zip(unit.states, stimulus.initial, strict=True):
        made.set("units", name, values)
    for k, values in enumerate(_sent(network, weights, stimulus)):
        made.set("units", f"out_{k}", values)
    return made


def _arrays(network: Network, stimulus: Stimulus) -> dict[str, np.ndarray]:
    """Inputs and noise over time, of all trials beside one another."""
    found = {"inputs_array": _beside(stimulus.inputs)} if network.inputs else {}
    if stimulus.noise is not None:
        by_drive = np.split(stimulus.noise.rows(np.float64), len(network.bias) // network.units, axis=2)
        found |= {f"noise_{d}": _beside(each) for d, each in enumerate(by_drive)}
    return found


def _beside(values: np.ndarray) -> np.ndarray:
    """(T, B, members) as (T, B * members)."""
    return np.ascontiguousarray(values, float).reshape(len(values), -1)


def _sent(network: Network, weights: Weights, stimulus: Stimulus) -> np.ndarray:
    """What units send before the first step, (K, B, N)."""
    from neurorec.engines.reference.unit import Unit

    return Unit(network, weights).output(np.asarray(stimulus.initial, float))


def _blocks(made: Circuit, name: str, matrix: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """A matrix (D targets, K sources) by drive and output: ends of names, and views."""
    sources, targets = (made.sizes[each] for each in BETWEEN[name])
    for d in range(len(matrix) // targets):
        for k in range(matrix.shape[1] // sources):
            yield f"{d}_{k}", matrix[d * targets : (d + 1) * targets, k * sources : (k + 1) * sources]


BETWEEN = {"recurrent": ("units", "units"), "input": ("inputs", "units"), "readout": ("units", "outputs"), "feedback": ("outputs", "units")}


def _spread(made: Circuit, name: str, matrix: np.ndarray) -> None:
    for ends, block in _blocks(made, name, matrix):
        made.set(name, f"w_{ends}", block)


def _gather(change: np.ndarray, made: Circuit, name: str) -> None:
    for ends, block in _blocks(made, name, change):
        block[...] = made.summed(name, f"change_{ends}", block.shape)
