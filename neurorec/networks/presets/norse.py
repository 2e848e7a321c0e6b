"""Leaky integrate-and-fire units as Norse has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.networks.network import Network
from neurorec.networks.presets._draws import draws, without_loops
from neurorec.networks.presets.base import AbstractPreset


@dataclass(frozen=True)
class Norse(AbstractPreset):
    """Norse's ``LIFRecurrentCell`` with its defaults (Pehle and Pedersen 2021, doi:10.5281/zenodo.4422025).

    A current that spikes raise and that decays, and a potential that follows it and is set to v_reset by a spike; both by Euler's steps,
    1 - dt/tau, which is the decay of a slightly shorter time constant, -dt / log(1 - dt/tau). The potential hears the current of this step.
    A spike is v > v_th there, v >= v_th here; no self-connections.

    Parameters
    ----------
    tau_mem, tau_syn : float
        Of potential and current, in seconds; longer than a time step.
    v_th, v_reset : float
        In units of the potential, from v_leak.
    alpha : float
        Steepness of the surrogate, ``super``.
    """

    tau_mem: float = 0.01
    tau_syn: float = 0.005
    v_th: float = 1.0
    v_reset: float = 0.0
    alpha: float = 100.0
    training = {"rule": "bptt", "optimiser": "adam", "rate": 5e-3}
    dt = 0.001

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> Network:
        """Input and recurrent weights N(0, 2 / units)."""
        parameters = {
            "tau_m": _exact(self.tau_mem, dt), "tau_syn": _exact(self.tau_syn, dt), "decay_input": 1.0, "threshold": self.v_th,
            "v_reset": self.v_reset, "gamma": self.v_th, "width": 1 / (self.alpha * self.v_th),
        }  # fmt: skip
        net = Network.random(
            inputs, units, outputs, cell="lif_hard_reset", filter="exponential_synapse", surrogate="fast_sigmoid", dt=dt, seed=seed,
            gain=np.sqrt(2), parameters=parameters,
        )  # fmt: skip
        given = draws(seed).standard_normal(net.input.shape) * np.sqrt(2 / units)
        return net.replace(recurrent=without_loops(net.recurrent), input=given)


def _exact(tau: float, dt: float) -> float:
    """The time constant that decays in a step, exactly, as much as `tau` does by Euler's rule."""
    if tau <= dt:
        raise ValueRefused(f"Euler's rule needs time constants that are longer than a time step, got {tau:g} s for dt = {dt:g} s")
    return -dt / np.log1p(-dt / tau)
