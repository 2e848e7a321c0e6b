"""Stochastic bilevel recurrent network with one recurrent weight."""

from __future__ import annotations

from dataclasses import dataclass

from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.presets.base import AbstractPreset
from neurorec.networks.presets.sbo import SBO


@dataclass(frozen=True)
class SBOSparse(AbstractPreset):
    """SBO-RNN by gradient descent (Zhang 2021, NeurIPS), sparse: units receive the input and their own output.

    Parameters
    ----------
    eta : float
        Step size.
    """

    eta: float = 1e-3
    training = SBO.training

    def network(self, inputs: int, units: int, outputs: int, dt: float, seed: int | None) -> ModuleNetwork:
        """All weights U(-1, 1) / sqrt(units), but W zero."""
        return SBO(None, self.eta).network(inputs, units, outputs, dt, seed)
