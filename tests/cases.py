"""Networks and trials for tests: small, random, and awkward on purpose (masks, biases, several outputs, own initial states)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import strategies as st

import neurorec as nr

# Every engine but the definition; one that needs a GPU runs where there is one, and is skipped with the reason elsewhere.
ENGINES = [pytest.param(name, marks=pytest.mark.gpu) if name == "cuda" else name for name in nr.names("engines") if name != "reference"]
STEPPING = [engine for engine in ENGINES if engine != "unrolled"]  # which can change weights at every step


@dataclass(frozen=True)
class Sizes:
    units: int
    inputs: int
    outputs: int
    steps: int
    trials: int


ORDINARY = Sizes(units=5, inputs=2, outputs=3, steps=7, trials=2)
sizes = st.builds(Sizes, st.integers(1, 7), st.integers(0, 3), st.integers(1, 3), st.integers(1, 8), st.integers(1, 5))


def network(size: Sizes, cell: str = "leaky_tanh", seed: int = 0, **settings) -> nr.Network:
    """A random network whose biases, initial state and per-unit parameters are all its own."""
    rng = np.random.default_rng(seed)
    net = nr.Network.random(size.inputs, size.units, size.outputs, cell=cell, dt=0.02, seed=seed, **settings)
    net = net.replace(bias=rng.normal(size=net.bias.shape) * 0.3, initial=rng.normal(size=net.initial.shape) * 0.3)
    parameters = {name: net.per_unit(name) + rng.random(size.units) * 0.1 for name in net.parameters}
    plastic = ("recurrent", "input", "readout", "bias", *parameters)
    return net.replace(parameters=parameters, plastic=plastic)


def trials(size: Sizes, seed: int = 0, loss: str = "mse") -> nr.Trials:
    """Random trials; a third of the steps does not count."""
    rng = np.random.default_rng(seed + 1000)
    mask = rng.random((size.steps, size.trials)) * (rng.random((size.steps, size.trials)) > 0.3)
    mask[-1] += 0.1
    targets = rng.normal(size=(size.steps, size.trials, size.outputs))
    loss = loss if size.outputs > 1 else "mse"  # of a single class there is nothing to learn, and it is refused
    if loss == "cross_entropy":
        targets = np.eye(size.outputs)[rng.integers(size.outputs, size=(size.steps, size.trials))]
    return nr.Trials(rng.normal(size=(size.steps, size.trials, size.inputs)), targets, mask, dt=0.02, loss=loss)


def value(net: nr.Network, name: str) -> np.ndarray:
    """A weight array, or a parameter's values."""
    return np.array(net.per_unit(name) if name in net.parameters else getattr(net, name))


def with_value(net: nr.Network, name: str, array: np.ndarray) -> nr.Network:
    """The network with one of them replaced."""
    return net.replace(parameters={**net.parameters, name: array}) if name in net.parameters else net.replace(**{name: array})


def descent(net: nr.Network, data: nr.Trials, name: str, width: float = 1e-6) -> np.ndarray:
    """-dL/d(name) by central differences in the float64 reference."""
    base = value(net, name)
    slope = np.zeros_like(base)
    for index in np.ndindex(*base.shape):
        losses = []
        for sign in (1, -1):
            moved = base.copy()
            moved[index] += sign * width
            losses.append(nr.simulate(with_value(net, name, moved), data, engine="reference").loss.mean())
        slope[index] = -(losses[0] - losses[1]) / (2 * width)
    return slope


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference, relative to the largest entry of ``b``."""
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12)) if b.size else 0.0
