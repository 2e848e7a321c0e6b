"""Spiking network of the e-prop paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, glorot, without_loops
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class EProp(AbstractPreset):
    """Recurrent spiking network of Bellec et al. (2020, doi:10.1038/s41467-020-17236-y) and its code, for evidence accumulation.

    NEST's ``eprop_iaf_bsshslm_2020`` and its adaptive twin are the same units. What a training adds: no self-connections learn,
    ``plastic={"recurrent": ~np.eye(N, dtype=bool), ...}``; and the cost of activity, which goes with the length of a trial.

    Parameters
    ----------
    adaptive : float
        Share of the units that adapt, those of the highest numbers.
    tau_m, tau_a, tau_out : float
        Of membrane, adaptation and readout, in seconds.
    threshold : float
        Its unit is that of the weights.
    beta : float
        How strongly a threshold rises, in a threshold's 1 / (1 - rho) over a membrane's 1 / (1 - a), as the code scales it.
    refractory : int
        Steps.
    gamma : float
        Height of the surrogate slope.
    """

    adaptive: float = 0.5
    tau_m: float = 0.02
    tau_a: float = 2.0
    tau_out: float = 0.02
    threshold: float = 0.6
    beta: float = 1.7
    refractory: int = 5
    gamma: float = 0.3
    training = {"rule": "rflo", "optimiser": "adam", "rate": 5e-3}
    dt = 0.001

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Weights N(0, 1) over the root of how many converge; readout uniform, after Glorot and Bengio (2010)."""
        scale = (1 - np.exp(-dt / self.tau_a)) / (1 - np.exp(-dt / self.tau_m))
        adapts = np.arange(units) >= round((1 - self.adaptive) * units)
        parameters = {
            "tau_m": self.tau_m, "tau_a": self.tau_a, "threshold": self.threshold, "beta": self.beta * scale * adapts,
            "refractory": self.refractory * dt, "gamma": self.gamma,
        }  # fmt: skip
        net = Network.random(
            inputs, units, outputs, cell="adaptive_lif", dt=dt, seed=seed, gain=1.0, parameters=parameters, readout_tau=self.tau_out
        )
        rng = draws(seed)
        given = rng.standard_normal(net.input.shape) / np.sqrt(max(inputs, 1))
        return net.replace(recurrent=without_loops(net.recurrent), input=given, readout=glorot(rng, net.readout))
