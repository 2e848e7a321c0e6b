"""What units remember a trial through, and trials that are too short for it to matter that they forget."""

from __future__ import annotations

import numpy as np

from neurorec.errors import SlowMemoryWarning, warn
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.network import Network
from neurorec.tasks.base.trials import Trials


def warn_of_slow_memories(network: AbstractNetwork, trials: Trials) -> None:
    """Say it once, before a training, where a memory of a cell is slower than a trial of it.

    Parameters
    ----------
    network : Network or ModuleNetwork
        Of a cell without memories nothing is said.
    trials : Trials
        Some of those that it is trained on.
    """
    seconds = trials.steps * trials.dt
    memories = network.component_classes[0].memories if isinstance(network, Network) else {}
    for name, strength in memories.items():
        slowest = float(np.max(network.per_unit(name) * (network.per_unit(strength) != 0)))  # pyright: ignore[reportAttributeAccessIssue]
        if slowest > seconds:
            warn(
                f"{name} = {slowest:g} s is longer than a trial, {seconds:g} s: within it the units hardly forget, so that what they adapt by "
                f"counts their spikes; train on longer trials, choose a shorter {name}, or {strength}=0 for none of it",
                SlowMemoryWarning,
            )
