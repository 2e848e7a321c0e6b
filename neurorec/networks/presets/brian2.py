"""Leaky integrate-and-fire units as Brian2's documentation writes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, without_loops
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class Brian2(AbstractPreset):
    """The unit of Brian2's tutorial, all to all: ``dv/dt = (I - v)/tau : 1 (unless refractory)``, ``v > 1``, ``v = 0``, method exact.

    I is held for a step: what comes from outside in it, and weights x spikes of the step before. In Brian2 everything is the user's; where
    a synapse says ``v_post += w`` instead, v decays once before the threshold sees it, and a reset in the same step erases it.

    Parameters
    ----------
    tau, refractory : float
        Seconds; `refractory` a whole number of steps.
    threshold, v_reset : float
        In units of v.
    """

    tau: float = 0.01
    refractory: float = 0.004
    threshold: float = 1.0
    v_reset: float = 0.0
    training = {"rule": "rflo", "optimiser": "adam", "rate": 5e-3}
    dt = 0.001

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Weights such that a spike moves v by N(0, 1) thresholds over the root of how many converge."""
        spike = self.threshold / (1 - np.exp(-dt / self.tau))
        parameters = {
            "tau_m": self.tau, "refractory": self.refractory, "threshold": self.threshold, "v_reset": self.v_reset, "decay_input": 1.0,
        }  # fmt: skip
        net = Network.random(inputs, units, outputs, cell="lif_hard_reset", dt=dt, seed=seed, gain=spike, parameters=parameters)
        given = draws(seed).standard_normal(net.input.shape) * spike / np.sqrt(max(inputs, 1))
        return net.replace(recurrent=without_loops(net.recurrent), input=given)
