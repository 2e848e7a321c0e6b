"""What some trials give a network, in an engine's float type, and whether the two fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurorec.arrays import real_array
from neurorec.engines.base import Stimulus
from neurorec.errors import ShapeError, ValueRefused
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.random_numbers.noise import PrivateNoise, private_noise
from neurorec.tasks.base.trials import Trials


def stimulus(
    network: AbstractNetwork,
    trials: Trials,
    dtype: Any,
    seed: int,
    first: int = 0,
    state: np.ndarray | None = None,
    noise_of: Callable[..., PrivateNoise | None] = private_noise,
) -> Stimulus:
    """What trials (the first of which has number `first`) give a network, in an engine's float type."""
    noise = noise_of(network, trials.steps, trials.count, seed, first)
    state = start(network, trials.count, None, dtype) if state is None else state
    return Stimulus(trials.inputs.astype(dtype), noise, state, targets(network, trials).astype(dtype), trials.weight.astype(dtype))


def targets(network: AbstractNetwork, trials: Trials) -> np.ndarray:
    """Targets, (T, B, O); zeros where there are none, which engines take all the same."""
    return trials.targets if trials.has_targets else np.zeros((trials.steps, trials.count, network.outputs))


def start(network: AbstractNetwork, trials: int, initial: np.ndarray | None, dtype: Any) -> np.ndarray:
    """State before the first step, (k, B, N)."""
    given = network.initial if initial is None else real_array("initial", initial)
    if given.shape not in ((network.initial.size,), (trials, network.initial.size)):
        raise ShapeError(
            f"initial must have shape ({network.initial.size},) or ({trials}, {network.initial.size}), states stacked; got {given.shape}"
        )
    each = np.broadcast_to(given, (trials, network.initial.size)).reshape(trials, -1, network.units)
    return np.ascontiguousarray(each.transpose(1, 0, 2), dtype=dtype)


def fit(network: AbstractNetwork, trials: Trials, needs_targets: bool = True) -> None:
    """Refuse trials that the network cannot be given, or, if it `needs_targets`, that say nothing about its outputs."""
    if needs_targets and not trials.has_targets:
        raise ValueRefused(
            "these trials have no targets, so there is nothing to learn or compare; make them with nr.Trials(inputs, targets)"
        )
    compared = [("targets", trials.targets.shape[2], network.outputs)] if needs_targets else []
    for name, channels, have in [("inputs", trials.inputs.shape[2], network.inputs), *compared]:
        if channels != have:
            word = name.removesuffix("s") if name == "inputs" else "output"
            raise ShapeError(f"trials have {channels} channels of {name}, the network has {have}; make it with {word}s={channels}")
    if abs(trials.dt - network.dt) > 1e-9 * network.dt:
        raise ValueRefused(f"trials have dt = {trials.dt:g} s, the network {network.dt:g} s; give both the same dt")
