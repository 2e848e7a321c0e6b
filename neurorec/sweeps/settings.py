"""The settings of one point of a sweep: plain numbers, words, lists and mappings, in the sections of a sweep file."""

from __future__ import annotations

import copy
import hashlib
import inspect
import json
import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from neurorec.discovery import name_of
from neurorec.display import short_repr
from neurorec.errors import NeurorecError, UnknownName, ValueRefused
from neurorec.networks.network import Network
from neurorec.runs.record import Record
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.training.parts import PARTS, settings_of
from neurorec.training.settings import options
from neurorec.training.task_of_run import describe_task, json_able

FORMAT = 1  # of what a name is made from; a new one gives every point another name
SECTIONS = ("task", "network", "training", "record", "seed")
OF_TASK = ("inputs", "outputs", "dt")  # arguments of a network that the task has
TRAINING = (*PARTS, "plastic", *(f.name for f in options()))
NONE = "none"  # in a file, whose TOML has no null: Python's None
NAME = "name"  # of a part that has settings: {"name": "adam", "beta1": 0.8}


def plain(value: Any) -> Any:
    """A setting as a file has it: objects and classes by their names, arrays as lists.

    Raises
    ------
    ValueRefused
        If a file cannot hold it.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return None if value == NONE else str(value)
    if isinstance(value, int | float):  # plain ones: NumPy's float64 is a float, too
        return int(value) if isinstance(value, int) else _finite(float(value))
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(each) for each in value]
    listed = json_able(value)
    return plain(listed) if type(listed) is not type(value) else _named(value)


def key_paths(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by dotted key, however deep mappings are: ``{"training": {"rate": [1]}}`` is ``{"training.rate": [1]}``."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        deeper = isinstance(value, Mapping) and len(value) > 0
        found |= key_paths(value, f"{prefix}{name}.") if deeper else {f"{prefix}{name}": value}
    return found


def replaced(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with the values of dotted keys in the place of its own."""
    made = copy.deepcopy(dict(settings))
    for key, value in changes.items():
        *outer, last = key.split(".")
        inner = made
        for name in outer:
            inner = inner.setdefault(name, {}) if isinstance(inner.get(name, {}), dict) else _opened(inner, name)
        inner[last] = copy.deepcopy(value)
    return made


def name_of_point(settings: Mapping[str, Any]) -> str:
    """Of its run file: a hash of all settings, the same in every process and every year."""
    said = json.dumps({"format": FORMAT, **settings}, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def expect_keys(settings: Mapping[str, Any]) -> None:
    """Refuse misspelt settings, by name, before anything is made of them.

    Raises
    ------
    UnknownName, ValueRefused
        With the nearest name there is.
    """
    _expect("section of a sweep", settings, SECTIONS)
    network, training = (_section(settings, name) for name in ("network", "training"))
    _expect("setting of the network", network, ["preset", *_preset_or_network(network)])
    _expect("setting of the training", training, TRAINING)
    _expect("setting of the record", _section(settings, "record"), _record_arguments())
    if "task" not in settings or (isinstance(settings["task"], Mapping) and NAME not in settings["task"]):
        raise ValueRefused('a sweep needs a task: task = "periodic_output", or task = {name = "periodic_output", period = 1.0}')


def part(spec: Any) -> tuple[str, dict[str, Any]]:
    """The name of a part, and its settings."""
    if isinstance(spec, str):
        return spec, {}
    if not isinstance(spec, Mapping) or not isinstance(spec.get(NAME), str):
        raise ValueRefused(f'{short_repr(spec)} names nothing; expected a name, or {{name = "...", setting = value}}')
    return spec[NAME], {name: value for name, value in spec.items() if name != NAME}


def _preset_or_network(network: Mapping[str, Any]) -> Iterable[str]:
    """Arguments that make a network; those of a preset are checked with it, once its class is known."""
    return network if isinstance(network.get("preset"), str) else _network_arguments()


@cache
def _network_arguments() -> tuple[str, ...]:
    return tuple(name for name in inspect.signature(Network.random).parameters if name not in OF_TASK)


@cache
def _record_arguments() -> tuple[str, ...]:
    return tuple(inspect.signature(Record).parameters)


def _section(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = settings.get(name, {})
    if not isinstance(found, Mapping):
        raise ValueRefused(f"{name} must be settings with their names, such as [{name}] in a file; got {short_repr(found)}")
    return found


def _expect(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = [*known]
    for name in names:
        if name not in known:
            raise UnknownName.among(kind, name, known)


def _opened(inner: dict[str, Any], name: str) -> dict[str, Any]:
    """What was a word or number, as a mapping: a part keeps its name."""
    inner[name] = {NAME: inner[name]} if isinstance(inner[name], str) else {}
    return inner[name]


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueRefused(f"{value} is no setting; expected a finite number")
    return value


def _named(value: Any) -> Any:
    """A class by its name, an object by its class's name and its settings."""
    if isinstance(value, Trials):
        raise ValueRefused(
            "a sweep's workers make its trials again, and arrays have no name; write a task that reads them, in a module of its own"
        )
    try:
        name, settings = describe_task(value) if isinstance(value, AbstractTask) else (name_of(value), _settings_of(value))
    except (NeurorecError, TypeError) as error:
        raise ValueRefused(f"a sweep cannot keep {short_repr(value)} ({error}); pass a name, a number, or a list of them") from error
    if name.startswith(("__main__:", "builtins:")):
        raise ValueRefused(f"a sweep's workers cannot import {short_repr(value)}; put its class into a module of its own")
    return {NAME: name, **plain(settings)} if settings else name


def _settings_of(value: Any) -> dict[str, Any]:
    return {} if inspect.isclass(value) else settings_of(value)
