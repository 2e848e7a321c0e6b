"""The engine on Brian2: the same network in the simulator that neuroscientists trust, as a cross-check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NoReturn

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings, in_turn
from neurorec.engines.brian2.circuit_text import circuit
from neurorec.engines.brian2.contents import arrays, beside, by_drive_and_output, sent, sizes, values
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
            made = _made(network, weights, stimulus, unit)
            outputs = [f"out_{k}" for k in unit.outputs]
            found = made.run({"units": [*unit.states, *unit.ports, *outputs], "outputs": ["y"]})
        states, drives, emitted = np.split(found["units"], np.cumsum([len(unit.states), len(unit.ports)]), axis=1)
        states = np.concatenate([np.asarray(stimulus.initial, float)[None], states])
        emitted = np.concatenate([sent(network, weights, stimulus)[None], emitted])
        return Activity(states, drives, emitted, found["outputs"][:, 0])

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
            made = _made(network, weights, stimulus, unit, back, error)
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
    network: Network, weights: Weights, stimulus: Stimulus, unit: UnitText, back: np.ndarray | None = None, error: np.ndarray | None = None
) -> Circuit:
    """Objects with the network's weights and first states in them; with `back`, (K N, O), and `error`, (T, B, O), for learning."""
    steps, trials = stimulus.inputs.shape[:2]
    over_time = arrays(network, stimulus) | ({} if error is None else {"error_array": beside(error)})
    parts = circuit(unit, network.inputs, None if error is None else "error_array(t, i)")
    made = Circuit(parts, sizes(network), trials, steps, network.dt, {STEP: network.dt, **over_time})
    for part, variable, each in values(network, weights, stimulus, unit, back):
        made.set(part, variable, each)
    return made


def _gather(change: np.ndarray, made: Circuit, name: str) -> None:
    for ends, block in by_drive_and_output(name, change, made.sizes):
        block[...] = made.summed(name, f"change_{ends}", block.shape)
