"""Noise in the network: private to every unit, the same for a seed whatever the engine, the batch or the window of time."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.formula.cache import package
from neurorec.formula.once import once
from neurorec.random_numbers.seeds import NOISE

if TYPE_CHECKING:
    from neurorec.networks.abstract_network import AbstractNetwork


@dataclass(frozen=True)
class PrivateNoise:
    """White noise on every drive of every unit, drawn when it is needed.

    Unit n's number on drive d at step t of trial k is a function of (seed, k, t, d N + n): it is counted, not drawn in
    turn, so that any part of a long simulation can be had by itself, and on a GPU by every thread for its own unit.

    Attributes
    ----------
    key : tuple of int
        Two words of 32 bits, from the seed.
    trial, step : int
        Numbers of the first trial and of the first step.
    steps, n_trials, width : int
        T, B, and D N.
    scale : float
        Standard deviation of each number, in drive units.
    """

    key: tuple[int, int]
    trial: int
    step: int
    steps: int
    n_trials: int
    width: int
    scale: float

    def rows(self, dtype: Any) -> np.ndarray:
        """All of it, (T, B, D N); drawn in float64, then rounded."""
        out = np.empty((self.steps, self.n_trials, self.width), dtype)
        compiled_noise().fill(*map(np.uint64, (*self.key, self.trial, self.step)), self.scale, out)
        return out

    def window(self, start: int, stop: int) -> PrivateNoise:
        """Steps [start, stop) of it."""
        return dataclasses.replace(self, step=self.step + start, steps=stop - start)


def private_noise(network: AbstractNetwork, steps: int, n_trials: int, seed: int, first: int) -> PrivateNoise | None:
    """The noise of some trials.

    Parameters
    ----------
    network : network
        Its ``noise`` is the strength, in drive units times sqrt(s).
    steps, n_trials : int
        T and B.
    seed, first : int
        Root of the seed tree, and the number of the first trial.

    Returns
    -------
    PrivateNoise, or None for a network without noise
    """
    if network.noise == 0:
        return None
    scale = network.noise / math.sqrt(network.dt)  # white: its variance in a step grows as dt shrinks
    return PrivateNoise(_key(seed), first, 0, steps, n_trials, network.formula.n_drives * network.units, scale)


def training_noise(network: AbstractNetwork, steps: int, n_trials: int, seed: int, first: int) -> PrivateNoise | None:
    """As `private_noise`; for a torch module that draws while it learns, one standard normal number a unit and step."""
    if not network.draws:
        return private_noise(network, steps, n_trials, seed, first)
    return PrivateNoise(_key(seed), first, 0, steps, n_trials, network.units, 1.0)


def _key(seed: int) -> tuple[int, int]:
    first, second = map(int, np.random.SeedSequence(seed, spawn_key=(NOISE,)).generate_state(2))
    return first, second


@once(1)
def compiled_noise() -> ModuleType:
    """The compiled loop, in a package of its own; Numba is imported there, when noise is drawn."""
    sources = {name: Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in ("philox", "noise_loop")}
    return package(sources).noise_loop
