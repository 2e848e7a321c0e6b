"""Initialisations that several papers share. Feedback weights are those of `Network.random`, for rules with random feedback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurorec.networks.network import Network
from neurorec.random_numbers.seeds import NETWORK, entropy, generator


def draws(seed: int | None) -> np.random.Generator:
    """The generator of a preset's own weights, independent of those of `Network.random`."""
    return generator(entropy(seed), NETWORK, 1)


def uniform(rng: np.random.Generator, bound: float, like: np.ndarray) -> np.ndarray:
    """U(-bound, bound)."""
    return rng.uniform(-bound, bound, like.shape)


def glorot(rng: np.random.Generator, like: np.ndarray) -> np.ndarray:
    """Uniform with the variance 2 / (rows + columns) (Glorot and Bengio 2010)."""
    return uniform(rng, float(np.sqrt(6 / sum(like.shape))), like)


def orthonormal(rng: np.random.Generator, like: np.ndarray) -> np.ndarray:
    """Orthonormal columns (or rows, where there are fewer), uniformly distributed (Saxe 2014, arXiv 1312.6120)."""
    rows, columns = like.shape
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.where(np.diag(r) < 0, -1, 1)
    return q if rows >= columns else q.T


def without_loops(recurrent: np.ndarray) -> np.ndarray:
    """Weights without those of a unit onto itself."""
    return recurrent * (1 - np.eye(len(recurrent)))


def lstm(
    inputs: int, units: int, outputs: int, dt: float, seed: int | None, filter: str | None, parameters: Mapping[str, float]
) -> Network:
    """The LSTM of Nguyen et al. (2020, arXiv 2006.06919): orthonormal input, identity to the input gate, two forget biases of 1.

    Theirs are one before the filter and one behind it, both learnt; without a filter they add up to one of 2.
    """
    behind = {} if filter is None else {"forget_bias": 1.0}
    net = Network.random(
        inputs, units, outputs, cell="lstm", dt=dt, seed=seed, filter=filter, parameters={**parameters, **behind},
        plastic=("recurrent", "input", "readout", "bias", *behind),
    )  # fmt: skip
    rng = draws(seed)
    bias = np.repeat([0.0, 2.0 - sum(behind.values()), 0.0, 0.0], units)
    changes: dict[str, Any] = {"recurrent": np.eye(4 * units, units), "input": orthonormal(rng, net.input), "bias": bias}
    return net.replace(**changes, readout=uniform(rng, 1 / np.sqrt(units), net.readout))


LSTM_TRAINING = {"rule": "bptt", "optimiser": "rmsprop", "rate": 1e-3, "clip": 1.0}
