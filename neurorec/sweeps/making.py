"""From the settings of a point to what `nr.train` takes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from neurorec.discovery import arguments
from neurorec.errors import NeurorecError, UnknownName, ValueRefused
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.network import Network
from neurorec.runs.record import Record
from neurorec.sweeps.plan import Plan, Point
from neurorec.sweeps.settings import part
from neurorec.tasks.base.task import AbstractTask
from neurorec.training.parts import PARTS, Parts
from neurorec.training.prepared import prepared
from neurorec.training.train import train
from neurorec.trust import class_named, instance

CLASSES = {"cell": "cells", "filter": "filters"}  # that a network is made of, and their kinds
Training = tuple[AbstractNetwork, AbstractTask, dict[str, Any]]  # network, task, and keyword arguments of nr.train


def made(settings: Mapping[str, Any], trust: bool) -> Training:
    """Network, task and keyword arguments of `nr.train`.

    Parameters
    ----------
    settings : mapping
        Of a `Point`.
    trust : bool
        Whether classes that are not the library's own may be imported.

    Raises
    ------
    NeurorecError
        If they do not work together, or name a class that is not trusted.
    """
    task = _part("tasks", settings["task"], trust)
    network = _network(dict(settings.get("network", {})), task, settings["seed"], trust)
    return network, task, _training(settings, trust)


def classes(network: AbstractNetwork, task: AbstractTask, how: Mapping[str, Any]) -> tuple[type, ...]:
    """All that a run file of the training may name: no more is trusted when it is gone on with."""
    usual = inspect.signature(train).parameters
    parts = Parts.of(task, **{name: how.get(name, usual[name].default) for name in PARTS})
    return (*network.component_classes, *parts.component_classes)


def expect_to_work(plan: Plan, points: tuple[Point, ...], trust: bool) -> None:
    """Refuse, before the first training, settings that cannot be trained; points that differ in seeds only are tried once.

    Raises
    ------
    ValueRefused
        Naming the point.
    """
    tried: set[str] = set()
    seeds = {key for key in plan.keys if key.rpartition(".")[2] == "seed"}
    for point in points:
        others = repr([(key, value) for key, value in point.differs.items() if key not in seeds])
        if others not in tried:
            tried.add(others)
            _try(point, trust)


def _try(point: Point, trust: bool) -> None:
    try:
        network, task, how = made(point.settings, trust)
        record = how.pop("record", None)
        trainer, first, _ = prepared(network, task, **how)
        if record is not None:
            record.check(trainer.network.formula.states, trainer.network.units, first.steps)
    except (NeurorecError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as error:
        raise ValueRefused(f"{point} cannot be trained: {error}; nothing was trained yet, change it in the sweep") from error


def _network(chosen: dict[str, Any], task: AbstractTask, seed: Any, trust: bool) -> AbstractNetwork:
    chosen = {"seed": seed} | chosen
    if "units" not in chosen:
        raise ValueRefused("the network needs its number of units, units = 50")
    sizes = {"inputs": task.n_inputs, "outputs": task.n_outputs, "dt": task.dt}
    if (name := chosen.pop("preset", None)) is not None:
        return _preset(class_named("presets", name, trust), chosen, sizes)
    return Network.random(**sizes, **{name: _argument(name, value, trust) for name, value in chosen.items()})


def _argument(name: str, value: Any, trust: bool) -> Any:
    """Of `Network.random`."""
    if value is None:
        return None
    if name == "parametrisation":
        return _part("parametrisations", value, trust)
    return class_named(CLASSES[name], value, trust) if name in CLASSES else _tuple(value) if name == "plastic" else value


def _preset(cls: Any, chosen: dict[str, Any], sizes: Mapping[str, Any]) -> AbstractNetwork:
    units, seed = chosen.pop("units"), chosen.pop("seed")
    return _with(cls, chosen).network(sizes["inputs"], units, sizes["outputs"], sizes["dt"], seed)


def _training(settings: Mapping[str, Any], trust: bool) -> dict[str, Any]:
    how = {"seed": settings["seed"]} | settings.get("training", {})
    for name, kind in PARTS.items():
        if how.get(name) is not None:
            how[name] = _part(kind, how[name], trust)
    if how["seed"] is None:
        raise ValueRefused("a point of a sweep needs a seed, or it would be another one each time; give a number")
    record = settings.get("record", {})
    return how | ({"record": Record(**{name: _tuple(value) for name, value in record.items()})} if record else {})


def _part(kind: str, spec: Any, trust: bool) -> Any:
    name, chosen = part(spec)
    return _with(class_named(kind, name, trust), chosen)


def _with(cls: Any, chosen: Mapping[str, Any]) -> Any:
    for name in chosen:
        if name not in (known := arguments(cls)):
            raise UnknownName.among(f"setting of {cls.__name__}", name, known)
    return instance(cls, chosen)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
