"""Linear recurrent network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class LRU(AbstractPreset):
    """Linear recurrent units on a ring (Orvieto 2023, arXiv 2303.06349).

    Parameters
    ----------
    slowest, fastest : float
        Magnitudes of the eigenvalues lie between them; the closer to 1, the longer the memory.
    turn : float
        Their angles lie between 0 and `turn`, in radians per step.
    """

    slowest: float = 0.999
    fastest: float = 0.9
    turn: float = 2 * np.pi
    training = {"rule": "bptt", "optimiser": "adam", "rate": 1e-3}

    def __post_init__(self) -> None:
        """Check the ring."""
        if not 0 < self.fastest < self.slowest < 1:
            raise ValueRefused(f"0 < fastest < slowest < 1 must hold, got fastest={self.fastest}, slowest={self.slowest}")

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Eigenvalues uniform in the ring, input and readout normal with variance 1 / (2 I) and 1 / N, no recurrent weights."""
        net, rng = (
            Network.random(inputs, units, outputs, cell="lru", dt=dt, seed=seed, plastic=("input", "readout", "nu", "theta")),
            draws(seed),
        )
        size = np.sqrt(rng.uniform(self.fastest**2, self.slowest**2, units))
        return net.replace(
            recurrent=np.zeros_like(net.recurrent), input=rng.standard_normal(net.input.shape) / np.sqrt(2 * max(inputs, 1)),
            readout=rng.standard_normal(net.readout.shape) / np.sqrt(units),
            parameters={"nu": np.log(-np.log(size)), "theta": rng.uniform(0, self.turn, units)},
        )  # fmt: skip
