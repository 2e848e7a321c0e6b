"""The engine of a call that says no more than its name."""

from __future__ import annotations

from neurorec.discovery import resolve, shared
from neurorec.engines.base import AbstractEngine
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.tasks.base.trials import Trials

SMALL = 2**20  # numbers of states and inputs: where there are more, an engine that keeps room for them would keep much, and save little


def engine_for(engine: str | AbstractEngine, network: AbstractNetwork, trials: Trials) -> AbstractEngine:
    """An engine from its name, class or object; of a name the same for all small calls, so that what it found of a network is not found again."""
    known = isinstance(network, AbstractNetwork) and isinstance(trials, Trials)  # what is not is refused by the caller
    small = known and trials.steps * trials.count * (network.initial.size + network.inputs + network.outputs) <= SMALL
    return (shared if small else resolve)("engines", engine)
