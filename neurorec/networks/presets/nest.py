"""Integrate-and-fire units as NEST has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, without_loops
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class NEST(AbstractPreset):
    """NEST's ``iaf_psc_delta`` with its defaults, all to all; potentials in mV from its E_L, -70 mV.

    A spike that arrives moves the potential by its weight; a unit's own spike sets it to V_reset, where it is held for t_ref, which with
    the step of the spike itself is a step more between spikes than t_ref says. NEST gives such a unit no way to learn: surrogate and
    training are ours. Units of NEST that do learn are `eprop`'s.

    Parameters
    ----------
    tau_m : float
        Seconds.
    t_ref : float
        Seconds; a whole number of steps.
    threshold, v_reset : float
        mV above E_L.
    """

    tau_m: float = 0.01
    t_ref: float = 0.002
    threshold: float = 15.0
    v_reset: float = 0.0
    training = {"rule": "rflo", "optimiser": "adam", "rate": 5e-3}
    dt = 0.001

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Weights N(0, 1) thresholds over the root of how many converge."""
        parameters = {"tau_m": self.tau_m, "refractory": self.t_ref + dt, "threshold": self.threshold, "v_reset": self.v_reset}
        net = Network.random(inputs, units, outputs, cell="lif_hard_reset", dt=dt, seed=seed, gain=self.threshold, parameters=parameters)
        given = draws(seed).standard_normal(net.input.shape) * self.threshold / np.sqrt(max(inputs, 1))
        return net.replace(recurrent=without_loops(net.recurrent), input=given)
