"""A network that nothing drives, and which therefore no learning can move."""

from __future__ import annotations

import numpy as np

from neurorec.engines.base import Activity
from neurorec.errors import SilentNetworkWarning, warn
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.tasks.base.trials import Trials

PATIENCE = 50  # trials without any input, of a task that has inputs, before the network is held to be silent for ever


class Silence:
    """Watches the first trials of a training, and warns once.

    A network at a state of 0 that hears nothing answers 0; then neither a recurrent weight (what its units hear is 0) nor a
    readout weight (what they emit is 0) has an influence on the loss, and every trial is like the first.

    Parameters
    ----------
    network : Network or ModuleNetwork

    Attributes
    ----------
    possible : bool
        False from the first sign of life on.
    """

    def __init__(self, network: AbstractNetwork):
        self.possible, self._trials = not (network.noise or network.draws), 0

    def saw(self, trials: Trials, activity: Activity, loss: np.ndarray, still: bool) -> None:
        """Take note of some trials that were run side by side, of the loss of each, and whether all weights stood still."""
        if not still or activity.readout.any() or trials.inputs.any():
            self.possible = False
            return
        self._trials += int((loss > 0).sum())  # where there is no error, nothing should move
        if self._trials >= (PATIENCE if trials.inputs.size else 1):
            self.possible = False
            warn(self._explained(trials), SilentNetworkWarning)

    def _explained(self, trials: Trials) -> str:
        heard = "its inputs are 0" if trials.inputs.size else "the task has no input"
        return (
            f"the network is silent and cannot learn: it starts at 0, {heard}, so it answers 0 and no weight has an influence on the loss; "
            "start it elsewhere with initial=0.1 (of Network.random or replace), or give it noise=0.01, a bias or an input"
        )
