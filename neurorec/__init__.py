"""neurorec: train recurrent networks the way a brain could, compare with gradient descent, look inside.

Names are resolved on first use (PEP 562), so that ``import neurorec`` loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurorec.discovery import names as names
    from neurorec.simulation.simulate import simulate as simulate
    from neurorec.simulation.simulate import weight_change as weight_change
    from neurorec.networks.module_network import ModuleNetwork as ModuleNetwork
    from neurorec.networks.network import Network as Network
    from neurorec.networks.presets import preset as preset
    from neurorec.tasks.base.recommended import Recommended as Recommended
    from neurorec.runs.record import Record as Record
    from neurorec.runs.run import Run as Run
    from neurorec.runs.run import open_run as open_run
    from neurorec.simulation.stream import stream as stream
    from neurorec.tasks import task as task
    from neurorec.training.train import resume as resume
    from neurorec.training.train import train as train
    from neurorec.tasks.base.trials import AbstractTask as AbstractTask
    from neurorec.tasks.base.trials import Trials as Trials

__version__ = "0.1.0"

_PUBLIC = {
    "names": "discovery",
    "Network": "network",
    "ModuleNetwork": "module_network",
    "Trials": "trials",
    "AbstractTask": "trials",
    "task": "tasks",
    "Recommended": "recommended",
    "preset": "presets",
    "Record": "record",
    "simulate": "engines",
    "stream": "streaming",
    "weight_change": "engines",
    "train": "training",
    "resume": "training",
    "open_run": "run",
    "Run": "run",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(f"neurorec.{_PUBLIC[name]}"), name)
    try:
        return importlib.import_module(f"neurorec.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"neurorec.{name}":
            raise
        raise AttributeError(f"neurorec has no {name!r}; it has {', '.join(__all__)}") from None


def __dir__() -> list[str]:
    return sorted(__all__)
