"""Weights of new networks, drawn as Murray (2019) draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorec.arrays import positive, whole
from neurorec.discovery import resolve
from neurorec.errors import ValueRefused
from neurorec.formula.derive import Formula
from neurorec.process.memory import expect_memory

Arrays = dict[str, np.ndarray]


def expect_sizes(inputs: int, units: int, outputs: int) -> None:
    """Refuse numbers of channels and units of which no network can be made."""
    for name, value, least in (("inputs", inputs, 0), ("units", units, 1), ("outputs", outputs, 1)):
        whole(name, value, least)


def random_weights(
    formula: Formula, inputs: int, units: int, outputs: int, rng: np.random.Generator,
    gain: float, spectral_radius: float | None, sparsity: float, readout_gain: float,
) -> Arrays:  # fmt: skip
    """All weights but the bias, for the arguments of `Network.random`.

    Raises
    ------
    ValueRefused
        If a setting is out of its range, or the weights would not fit into memory.
    """
    if not 0 <= sparsity < 1:
        raise ValueRefused(f"sparsity must lie in [0, 1), got {sparsity}; 0.9 leaves one connection in ten")
    rows, columns = formula.n_drives * units, len(formula.emitted) * units
    numbers = 2 * rows * columns + rows * inputs + 2 * columns * outputs  # recurrent weights twice: they are drawn, then scaled
    expect_memory(8 * numbers, f"a network of {units} units", "use fewer units")
    recurrent = rng.standard_normal((rows, columns)) * (gain / np.sqrt(units * (1 - sparsity)))
    recurrent *= rng.random(recurrent.shape) >= sparsity
    return {
        "recurrent": recurrent if spectral_radius is None else _with_spectral_radius(recurrent, units, spectral_radius),
        "input": rng.uniform(-1, 1, (rows, inputs)),
        "readout": readout_gain * (rng.uniform(-1, 1, (outputs, columns)) / np.sqrt(units)),
        "feedback": rng.standard_normal((columns, outputs)),
    }


def initialised(parametrisation: Any, weights: Arrays, units: int, rng: np.random.Generator) -> dict[str, Any]:
    """The weights with `recurrent` as the parametrisation initialises it, and its free parameters; as they are without one."""
    if parametrisation is None:
        return {**weights}
    chosen = resolve("parametrisations", parametrisation)
    read = {name: weights[name] for name in chosen.reads}
    free = chosen.start(weights["recurrent"], units, rng, **read)
    return {**weights, "recurrent": chosen.map({**free, **read}), "free": free, "parametrisation": parametrisation}


def _with_spectral_radius(recurrent: np.ndarray, units: int, radius: float) -> np.ndarray:
    if recurrent.shape[1] != units:
        raise ValueRefused("spectral_radius needs a cell with one output; use gain")
    blocks = recurrent.reshape(-1, units, units)
    drawn = np.abs(np.linalg.eigvals(blocks)).max(axis=1)
    return (blocks * (positive("spectral_radius", radius) / drawn)[:, None, None]).reshape(recurrent.shape)
