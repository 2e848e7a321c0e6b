"""Runs grouped into conditions, whose runs differ in their seed only, and a name for each condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurorec.networks.network import Network
from neurorec.plots._runs import AnyRuns, several
from neurorec.runs.run import Run
from neurorec.training.parts import described_in
from neurorec.training.settings import TrainingSettings

NO_CONDITION = ("seed", "trials", "stop_below", "gradient_angle")  # the numbers of a trial do not depend on these, the seed apart
SHOWN = 24  # characters of a value in a legend

Key = tuple[str, str]  # a part, such as optimiser, and one of its settings; of the training itself the part is ""


def conditions(runs: AnyRuns, label: str | None = None) -> list[tuple[str | None, list[Run]]]:
    """Runs that differ in nothing but their seed and their length together, in the order in which they came.

    Parameters
    ----------
    runs : Run, path, or sequence of those
    label : str, optional
        Of all of them.

    Returns
    -------
    list of (str or None, list of Run)
        A label for each condition: the settings in which it differs from the others; of a single one, `label`.
    """
    every = several(runs)
    described = [dict(_settings(run)) for run in every]
    keys = _differing(described)
    groups: dict[str, list[Run]] = {}
    for run, settings in zip(every, described, strict=True):
        groups.setdefault(_name(settings, keys), []).append(run)
    if len(groups) == 1:
        return [(label, every)]
    return [(name if label is None else f"{label}, {name}", each) for name, each in groups.items()]


def _differing(described: list[dict[Key, Any]]) -> list[Key]:
    """The settings in which there are differences; those of a part only where the part itself is the same."""
    every = dict.fromkeys(key for settings in described for key in settings)
    differ = [key for key in every if len({repr(settings.get(key)) for settings in described}) > 1]
    return [key for key in differ if ("", key[0]) not in differ]


def _name(settings: Mapping[Key, Any], keys: list[Key]) -> str:
    """The settings in words; a name that two parts share comes with the part's."""
    names = [name for _, name in keys]
    words = [
        (f"{part} {name}" if names.count(name) > 1 and part else name, settings[part, name])
        for part, name in keys
        if (part, name) in settings
    ]
    return ", ".join(f"{name.replace('_', ' ')} {_text(value)}" for name, value in words)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        text = ", ".join(map(_text, value))
    else:
        text = "none" if value is None else Path(value).name if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."


def _settings(run: Run) -> Iterator[tuple[Key, Any]]:
    """All that makes a run what it is, but its seed."""
    settings = TrainingSettings.of_run(run.config)
    for name, value in {**described_in(run.config), **settings.as_dict()}.items():
        part = name.removesuffix("_settings")
        if isinstance(value, Mapping):
            yield from (((part, str(each)), found) for each, found in value.items())
        elif name not in NO_CONDITION or (name == "trials" and settings.anneal != 1):
            yield ("", name), value
    yield from _network(run.network)


def _network(network: Any) -> Iterator[tuple[Key, Any]]:
    yield ("", "units"), network.units
    yield ("", "plastic"), tuple(network.plastic)
    if not isinstance(network, Network):
        yield ("", "architecture"), network.architecture
        yield from ((("architecture", name), value) for name, value in network.settings.items())
        return
    for name in ("cell", "filter", "parametrisation", "noise"):
        yield ("", name), getattr(network, name)
    for name, value in network.parameters.items():
        if name not in network.plastic and np.ptp(value) == 0:  # drawn for each unit, it changes with the seed
            yield ("cell", name), float(np.mean(value))
