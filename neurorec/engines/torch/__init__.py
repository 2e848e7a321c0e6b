"""The engine on torch tensors: any torch device, and autograd for what is exact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from neurorec.engines.base import AbstractEngine, Activity, OptimiserState, Stimulus, UpdateSettings, in_turn
from neurorec.engines.torch.autograd import full_change
from neurorec.engines.torch.forward import side_by_side, unroll
from neurorec.engines.torch.online import online
from neurorec.engines.torch.place import Place, one_thread
from neurorec.engines.torch.scan import local_change
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.learning.rules.base import AbstractRule
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights

TOLERANCES = {"float32": 1e-4, "float64": 1e-10}


class TorchEngine(AbstractEngine):
    """Full influence by torch's autograd, local rules by the reverse scan, changes at every step by traces; all on tensors.

    Slower than the compiled engines, which follow the same formulas: it is the second opinion on them, and the engine of
    architectures, which only torch can differentiate. On a CPU it uses one thread, for the same bits on every machine. With
    ``update="step"`` the optimiser runs on the host, so that weights cross to the device and back at every step.

    Parameters
    ----------
    device : str
        As torch names it: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` ...
    dtype : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    ValueRefused
        If there is no such device or float type.
    NotOffered
        If this machine lacks the device, or the device the float type.
    """

    dtype = np.float32
    tolerance = TOLERANCES["float32"]
    offers = frozenset({"trial", "step"})
    takes = (Network, ModuleNetwork)

    def __init__(self, device: str = "cpu", dtype: str = "float32") -> None:
        self._place, self._settings = Place(device, dtype), {"device": device, "dtype": dtype}
        self.dtype, self.tolerance = np.dtype(dtype).type, TOLERANCES[dtype]

    @property
    def settings(self) -> dict[str, Any]:
        """Device and float type."""
        return self._settings

    @one_thread()
    def forward(self, network: AbstractNetwork, weights: Weights, stimulus: Stimulus) -> Activity:
        """As the contract says."""
        w = self._place.weights(weights)
        path = unroll(self._place, network, w, stimulus)
        return path.activity(self._place, side_by_side(path.emitted[1:]) @ w.readout.T)

    @one_thread()
    def change(
        self,
        network: AbstractNetwork,
        weights: Weights,
        stimulus: Stimulus,
        activity: Activity,
        error: np.ndarray,
        rule: AbstractRule,
        feedback: AbstractFeedback,
    ) -> Weights:
        """By the reverse scan for a cell's local rules, else by autograd."""
        if not rule.through_units and isinstance(network, Network):
            return local_change(self._place, network, weights, stimulus, activity, error, feedback)
        return full_change(self._place, network, weights, stimulus, error, feedback)

    @one_thread()
    def online(
        self, network: Network, weights: Weights, stimulus: Stimulus, optimiser_state: OptimiserState, update_settings: UpdateSettings
    ) -> Activity:
        """As the contract says."""
        return online(self._place, network, weights, stimulus, optimiser_state, update_settings)

    def expect(self, network: AbstractNetwork, update_settings: UpdateSettings, schedule: str) -> None:
        """It can run all that it offers."""

    def stream(self, network: Network, weights: Weights, stimuli: Iterable[Stimulus]) -> Iterator[Activity]:
        """As the contract says."""
        return in_turn(self, network, weights, stimuli)
