"""Weights of new networks, drawn as Murray (2019) draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.arrays import whole
from neurorec.discovery import resolve
from neurorec.formula.derive import Formula
from neurorec.networks.on_pattern import fitting
from neurorec.networks.pattern import with_strengths
from neurorec.networks.random_synapses import Synapses
from neurorec.process.memory import expect_memory

Arrays = dict[str, np.ndarray]


def expect_sizes(inputs: int, units: int, outputs: int) -> None:
    """Refuse numbers of channels and units of which no network can be made."""
    for name, value, least in (("inputs", inputs, 0), ("units", units, 1), ("outputs", outputs, 1)):
        whole(name, value, least)


def random_weights(
    formula: Formula, inputs: int, units: int, outputs: int, rng: np.random.Generator, synapses: Synapses, readout_gain: float
) -> Arrays:
    """All weights but the bias, for the arguments of `Network.random`.

    Raises
    ------
    ValueRefused
        If the weights would not fit into memory.
    """
    rows, columns = formula.n_drives * units, len(formula.emitted) * units
    expect_memory(8 * (synapses.numbers + rows * inputs + 2 * columns * outputs), f"a network of {units} units", "use fewer units")
    return {
        "recurrent": synapses.drawn(rng),
        "input": rng.uniform(-1, 1, (rows, inputs)),
        "readout": readout_gain * (rng.uniform(-1, 1, (outputs, columns)) / np.sqrt(units)),
        "feedback": rng.standard_normal((columns, outputs)),
    }


def initialised(parametrisation: Any, weights: Arrays, units: int, rng: np.random.Generator) -> dict[str, Any]:
    """The weights with `recurrent` as the parametrisation initialises it, and its free parameters; as they are without one."""
    if parametrisation is None:
        return {**weights}
    chosen, recurrent = resolve("parametrisations", parametrisation), weights["recurrent"]
    law = fitting(chosen, recurrent)
    read = {name: weights[name] for name in chosen.reads}
    free = law.start(recurrent, units, rng, **read)
    return {**weights, "recurrent": with_strengths(recurrent, law.map({**free, **read})), "free": free, "parametrisation": parametrisation}
