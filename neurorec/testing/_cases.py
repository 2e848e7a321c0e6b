"""Networks and trials for checks: small, random, and awkward on purpose (masks, biases, several outputs, own initial states)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurorec.discovery import class_of, load
from neurorec.networks.network import Network
from neurorec.simulation.simulate import simulate
from neurorec.tasks.base.trials import Trials


@dataclass(frozen=True)
class Sizes:
    """Units N, inputs I, outputs O, time steps T, trials B."""

    units: int
    inputs: int
    outputs: int
    steps: int
    trials: int


ORDINARY = Sizes(units=5, inputs=2, outputs=3, steps=7, trials=2)
LEAST = Sizes(units=1, inputs=0, outputs=1, steps=1, trials=1)


def several(seed: int = 0) -> tuple[Sizes, ...]:
    """The smallest, an ordinary one, and one drawn from a seed."""
    rng = np.random.default_rng(seed)
    drawn = (int(rng.integers(least, most)) for least, most in ((2, 8), (0, 4), (1, 4), (2, 9), (2, 6)))
    return LEAST, ORDINARY, Sizes(*drawn)


def network(size: Sizes, cell: Any = "leaky_tanh", seed: int = 0, **settings: Any) -> Network:
    """A random network whose biases, initial state and per-unit parameters are all its own."""
    rng = np.random.default_rng(seed)
    parts: list[Any] = [class_of("cells", cell), *([class_of("filters", settings["filter"])] if settings.get("filter") else [])]
    slower = {name: 0.03 for each in parts for name in each.decays if each.parameters[name] <= 0.02}  # seconds
    net = Network.random(size.inputs, size.units, size.outputs, cell=cell, dt=0.02, seed=seed, parameters=slower, **settings)
    net = net.replace(bias=rng.normal(size=net.bias.shape) * 0.3, initial=rng.normal(size=net.initial.shape) * 0.3)
    parameters = {name: net.per_unit(name) + rng.random(size.units) * 0.1 for name in net.parameters}
    whole = {name: np.round(parameters[name] / net.dt) * net.dt for name in net.component_classes[0].whole_steps}
    return net.replace(parameters=parameters | whole, plastic=("recurrent", "input", "readout", "bias", *parameters))


def trials(size: Sizes, seed: int = 0, loss: str = "mse", dt: float = 0.02) -> Trials:
    """Random trials; a third of the steps does not count."""
    rng = np.random.default_rng(seed + 1000)
    mask = rng.random((size.steps, size.trials)) * (rng.random((size.steps, size.trials)) > 0.3)
    mask[-1] += 0.1
    targets = rng.normal(size=(size.steps, size.trials, size.outputs))
    loss = loss if size.outputs > 1 else "mse"  # of a single class there is nothing to learn, and it is refused
    if load("losses", loss).classes:
        targets = np.eye(size.outputs)[rng.integers(size.outputs, size=(size.steps, size.trials))]
    return Trials(rng.normal(size=(size.steps, size.trials, size.inputs)), targets, mask, dt=dt, loss=loss)


def value(net: Network, name: str) -> np.ndarray:
    """A weight array, or a parameter's values."""
    return np.array(net.per_unit(name) if name in net.parameters else getattr(net, name))


def with_value(net: Network, name: str, array: np.ndarray) -> Network:
    """The network with one of them replaced."""
    return net.replace(parameters={**net.parameters, name: array}) if name in net.parameters else net.replace(**{name: array})


def descent(net: Network, data: Trials, name: str, width: float = 1e-6) -> np.ndarray:
    """-dL/d(name) by central differences in the float64 reference."""
    base = value(net, name)
    slope = np.zeros_like(base)
    for index in np.ndindex(*base.shape):
        losses = []
        for sign in (1, -1):
            moved = base.copy()
            moved[index] += sign * width
            losses.append(simulate(with_value(net, name, moved), data, engine="reference").loss.mean())
        slope[index] = -(losses[0] - losses[1]) / (2 * width)
    return slope
