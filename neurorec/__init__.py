"""neurorec: train recurrent networks the way a brain could, compare with gradient descent, look inside.

Names are resolved on first use (PEP 562), so that ``import neurorec`` loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurorec.discovery import names as names
    from neurorec.networks.module_network import ModuleNetwork as ModuleNetwork
    from neurorec.networks.network import Network as Network
    from neurorec.networks.presets import preset as preset
    from neurorec.runs.record import Record as Record
    from neurorec.runs.run import Run as Run
    from neurorec.runs.run import open_run as open_run
    from neurorec.simulation.simulate import simulate as simulate
    from neurorec.simulation.stream import stream as stream
    from neurorec.simulation.weight_change import weight_change as weight_change
    from neurorec.tasks import task as task
    from neurorec.tasks.base.recommended import Recommended as Recommended
    from neurorec.tasks.base.task import AbstractTask as AbstractTask
    from neurorec.tasks.base.trials import Trials as Trials
    from neurorec.training.train import resume as resume
    from neurorec.training.train import train as train

__version__ = "0.1.0"

_PUBLIC = {
    "names": "discovery",
    "Network": "networks.network",
    "ModuleNetwork": "networks.module_network",
    "Trials": "tasks.base.trials",
    "AbstractTask": "tasks.base.task",
    "task": "tasks",
    "Recommended": "tasks.base.recommended",
    "preset": "networks.presets",
    "Record": "runs.record",
    "simulate": "simulation.simulate",
    "stream": "simulation.stream",
    "weight_change": "simulation.weight_change",
    "train": "training.train",
    "resume": "training.train",
    "open_run": "runs.run",
    "Run": "runs.run",
}
_MODULES = {
    "circuits": "circuits",
    "dynamics": "dynamics",
    "errors": "errors",
    "plots": "plots",
    "presets": "networks.presets",
    "tasks": "tasks",
    "unroll": "simulation.unroll",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(f"neurorec.{_PUBLIC[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"neurorec.{_MODULES[name]}")
    raise AttributeError(f"neurorec has no {name!r}; it has {', '.join(__dir__())}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
