"""Network of `lem` units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, uniform
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class LEM(AbstractPreset):
    """Long expressive memory (Rusch 2022, arXiv 2110.04744), with the connections the paper has.

    Parameters
    ----------
    step : float
        The paper's largest time step: what ``dt / tau`` is.
    """

    step: float = 1.0
    training = {"rule": "bptt", "optimiser": "adam", "rate": 1e-3}

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """All weights U(-1, 1) / sqrt(N); the last drive receives z, the others receive y."""
        net, rng = Network.random(inputs, units, outputs, cell="lem", dt=dt, seed=seed, parameters={"tau": dt / self.step}), draws(seed)
        drawn = {name: uniform(rng, 1 / np.sqrt(units), getattr(net, name)) for name in ("recurrent", "input", "bias", "readout")}
        receives = np.kron([[1, 0], [1, 0], [1, 0], [0, 1]], np.ones((units, units)))
        return net.replace(**{**drawn, "recurrent": drawn["recurrent"] * receives}, parametrisation="sparse")
