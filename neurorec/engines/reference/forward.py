"""The network's equations (Murray 2019, Eq 1), for any cell."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity, Stimulus
from neurorec.engines.reference.unit import Unit
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


def forward(network: Network, weights: Weights, stimulus: Stimulus) -> Activity:
    """u(t) = W o(t-1) + Win x(t) + b, s(t) = step(s(t-1), u(t)), y(t) = Wout o(t)."""
    unit = Unit(network, weights)
    states, emitted, drives, readout = [stimulus.initial], [unit.output(stimulus.initial)], [], []
    for t in range(len(stimulus.inputs)):
        drives.append(unit.drives(recurrent_part(weights, emitted[t]), external_part(weights, stimulus, t)))
        states.append(unit.step(states[t], drives[t]))
        emitted.append(unit.output(states[t + 1]))
        readout.append(read(weights, emitted[t + 1]))
    return Activity(np.array(states), np.array(drives), np.array(emitted), np.array(readout))


def recurrent_part(weights: Weights, emitted: np.ndarray) -> np.ndarray:
    """W o(t-1), (D, B, N), from (K, B, N)."""
    return np.einsum("dakc,kbc->dba", blocks(weights.recurrent, emitted.shape[2]), emitted)


def external_part(weights: Weights, stimulus: Stimulus, t: int) -> np.ndarray:
    """Win x(t) + b + noise(t), (D, B, N)."""
    x, units = stimulus.inputs[t], weights.parameters.shape[1]
    drive = x @ weights.input.T + weights.bias
    if stimulus.noise is not None:
        drive = drive + stimulus.noise.window(t, t + 1).rows(np.float64)[0]
    return drive.reshape(len(x), -1, units).transpose(1, 0, 2)


def read(weights: Weights, emitted: np.ndarray) -> np.ndarray:
    """y(t) = Wout o(t), (B, O), from (K, B, N)."""
    return np.einsum("okc,kbc->bo", weights.readout.reshape(-1, *emitted.shape[::2]), emitted)


def blocks(recurrent: np.ndarray, units: int) -> np.ndarray:
    """Recurrent weights as (D, N, K, N): drive, post, output, pre."""
    return recurrent.reshape(-1, units, recurrent.shape[1] // units, units)
