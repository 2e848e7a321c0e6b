"""neurorec: train recurrent networks the way a brain could, compare with gradient descent, look inside.

Names are resolved on first use (PEP 562), so that ``import neurorec`` loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurorec.circuits.contexts.base import AbstractContext as AbstractContext
    from neurorec.circuits.plasticities.base import AbstractPlasticity as AbstractPlasticity
    from neurorec.discovery import names as names
    from neurorec.engines.base import AbstractEngine as AbstractEngine
    from neurorec.engines.unrolled.base import AbstractUnroll as AbstractUnroll
    from neurorec.formula.words.base import AbstractWord as AbstractWord
    from neurorec.learning.feedbacks.base import AbstractFeedback as AbstractFeedback
    from neurorec.learning.losses.base import AbstractLoss as AbstractLoss
    from neurorec.learning.optimisers.base import AbstractOptimiser as AbstractOptimiser
    from neurorec.learning.rules.base import AbstractRule as AbstractRule
    from neurorec.networks.architectures.base import AbstractArchitecture as AbstractArchitecture
    from neurorec.networks.block import Block as Block
    from neurorec.networks.cells.base import AbstractCell as AbstractCell
    from neurorec.networks.filters.base import AbstractFilter as AbstractFilter
    from neurorec.networks.module_network import ModuleNetwork as ModuleNetwork
    from neurorec.networks.network import Network as Network
    from neurorec.networks.parametrisations.base import AbstractParametrisation as AbstractParametrisation
    from neurorec.networks.presets import preset as preset
    from neurorec.networks.presets.base import AbstractPreset as AbstractPreset
    from neurorec.networks.surrogates.base import AbstractSurrogate as AbstractSurrogate
    from neurorec.runs.open_run import open_run as open_run
    from neurorec.runs.record import Record as Record
    from neurorec.runs.run import Run as Run
    from neurorec.runs.runs import Runs as Runs
    from neurorec.simulation.simulate import simulate as simulate
    from neurorec.simulation.stream import stream as stream
    from neurorec.simulation.weight_change import weight_change as weight_change
    from neurorec.sweeps.sweep import Sweep as Sweep
    from neurorec.tasks import task as task
    from neurorec.tasks.base.recommended import Recommended as Recommended
    from neurorec.tasks.base.task import AbstractTask as AbstractTask
    from neurorec.tasks.base.trials import Trial as Trial
    from neurorec.tasks.base.trials import Trials as Trials
    from neurorec.training.train import resume as resume
    from neurorec.training.train import train as train

__version__ = "0.1.0"

_PUBLIC = {
    "names": "neurorec.discovery",
    "Network": "neurorec.networks.network",
    "Block": "neurorec.networks.block",
    "ModuleNetwork": "neurorec.networks.module_network",
    "Trials": "neurorec.tasks.base.trials",
    "Trial": "neurorec.tasks.base.trials",
    "task": "neurorec.tasks",
    "Recommended": "neurorec.tasks.base.recommended",
    "preset": "neurorec.networks.presets",
    "Record": "neurorec.runs.record",
    "simulate": "neurorec.simulation.simulate",
    "stream": "neurorec.simulation.stream",
    "weight_change": "neurorec.simulation.weight_change",
    "train": "neurorec.training.train",
    "resume": "neurorec.training.train",
    "open_run": "neurorec.runs.open_run",
    "Run": "neurorec.runs.run",
    "Runs": "neurorec.runs.runs",
    "Sweep": "neurorec.sweeps.sweep",
}
_MODULES = {
    "circuits": "neurorec.circuits",
    "dynamics": "neurorec.dynamics",
    "engines": "neurorec.engines",
    "errors": "neurorec.errors",
    "export": "neurorec.export",
    "plots": "neurorec.plots",
    "presets": "neurorec.networks.presets",
    "tasks": "neurorec.tasks",
    "testing": "neurorec.testing",
    "unroll": "neurorec.simulation.unroll",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name == "__all__":
        return [*_public(), "__version__"]
    if name in _PUBLIC:
        globals()[name] = found = getattr(
            importlib.import_module(_PUBLIC[name]), name
        )  # looking it up again takes longer than a short trial
        return found
    if not name.startswith("_") and name in (public := _public()):
        return getattr(importlib.import_module(public[name]), name)
    raise AttributeError(f"neurorec has no {name!r}; it has {', '.join(__dir__())}")


def __dir__() -> list[str]:
    return sorted([*_public(), "__version__", *_MODULES])


def _public() -> dict[str, str]:
    """With what a user's own cells, rules, tasks ... derive from: looked up in the folders, once somebody asks."""
    from neurorec.discovery import abstract

    return _PUBLIC | abstract()
