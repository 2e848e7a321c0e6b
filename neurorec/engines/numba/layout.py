"""A network's weights and activity as the compiled loops take them."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Stimulus
from neurorec.engines.numba.arguments import Ports
from neurorec.formula.derive import EXTERNAL, RECURRENT
from neurorec.formula.unit import constants_of
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


def ports(network: Network) -> Ports:
    """Port of the recurrent and of the external part of each drive, -1 for none."""
    formula = network.formula
    recurrent, external = (
        np.array([formula.port_of(d, part) for d in range(formula.n_drives)], np.int64) for part in (RECURRENT, EXTERNAL)
    )
    return Ports(recurrent, external)


def plastic_rows(network: Network) -> np.ndarray:
    """Rows of the plastic parameters among all parameters."""
    formula = network.formula
    return np.array([formula.parameters.index(name) for name in formula.plastic], np.int64)


def constants(network: Network, weights: Weights) -> np.ndarray:
    """What stands still during a trial, in the weights' float type."""
    return constants_of(network.formula, weights.parameters, network.dt).astype(weights.vector.dtype)


def noise_rows(stimulus: Stimulus, width: int) -> np.ndarray:
    """Noise of every drive, (T, B, D N); one silent step stands for all where there is none."""
    if stimulus.noise is None:
        return np.zeros((1, stimulus.inputs.shape[1], width), stimulus.inputs.dtype)
    return stimulus.noise.rows(stimulus.inputs.dtype)


def given(stimulus: Stimulus) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, targets and loss_weight of a batch as they lie in memory when they come from a task: loops are compiled for that alone."""
    inputs, targets, loss_weight = (
        np.require(each, requirements=["C", "W"]) for each in (stimulus.inputs, stimulus.targets, stimulus.loss_weight)
    )
    return inputs, targets, loss_weight


def presynaptic_rows(emitted: np.ndarray) -> np.ndarray:
    """(T, K, B, N) to (T B, K N), outputs stacked as in the weights: a view where there is one output."""
    steps, outputs, trials, units = emitted.shape
    return emitted.transpose(0, 2, 1, 3).reshape(steps * trials, outputs * units)


def rows(array: np.ndarray) -> np.ndarray:
    """(T, B, channel) to (T B, channel)."""
    return array.reshape(array.shape[0] * array.shape[1], array.shape[2])
