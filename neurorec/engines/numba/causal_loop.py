"""The call of the causal loop, by which weights change at every step under any rule and optimiser."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity, Memory, Stimulus, Teaching
from neurorec.engines.numba.arguments import Blocks, Descent, PlasticWeights, Units
from neurorec.engines.numba.compile import loops, tables
from neurorec.engines.numba.layout import filled, lesson, plastic_rows, ports
from neurorec.formula.unit import for_numpy
from neurorec.learning.updates import settings_of
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

CALLED = ("step", "output", "jacobian", "emission", "pull_output", "prepare", "error", "element", "optimise")


def causal(network: Network, weights: Weights, stimulus: Stimulus, activity: Activity, memory: Memory, teaching: Teaching) -> None:
    """Call the compiled loop; weights change in place in ``weights`` and ``memory.slots``."""
    formula, dtype = network.formula, stimulus.inputs.dtype
    as_they_lie = lesson(network, stimulus)._replace(inputs=stimulus.inputs)  # in what order their sums are taken follows
    loops(dtype.name).causal.causal(
        *tables(formula, teaching, dtype.name, CALLED), _units(network, dtype), _plastic(network, weights, memory, teaching), ports(network),
        teaching.route.rule.through_units, as_they_lie, filled(activity),
        Descent(float(teaching.clip), float(teaching.decay), np.array(settings_of(teaching.optimiser)), memory.count),
    )  # fmt: skip


def _units(network: Network, dtype: np.dtype) -> Units:
    formula, units = network.formula, network.units
    parameters = np.full((len(formula.parameters) + 1, 1, units), network.dt, dtype)  # dt stays in the last row
    return Units(parameters, np.empty((for_numpy(formula).N_CONSTANTS, units), dtype))


def _plastic(network: Network, weights: Weights, memory: Memory, teaching: Teaching) -> PlasticWeights:
    vector, change = weights.vector, weights.zeros()
    return PlasticWeights(
        vector, teaching.rates, weights.like(teaching.least).parameters, memory.slots, _blocks(weights), change.vector, _blocks(change), plastic_rows(network)
    )  # fmt: skip


def _blocks(weights: Weights) -> Blocks:
    return Blocks(*(getattr(weights, name) for name in Blocks._fields))
