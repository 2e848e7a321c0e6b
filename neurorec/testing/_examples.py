"""How a plot or a dynamics function is called: as the examples of its docstring do, or with what its arguments are called."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import numpy as np

import neurorec as nr
from neurorec.testing._laws import hold

WORDS = "run, runs, net, network, trials, trajectories, traj, task, and what neurorec.dynamics measures"


@lru_cache(maxsize=1)
def _there() -> dict[str, Any]:
    """What examples may speak of: two small runs that recorded everything, and what belongs to the first."""
    task = nr.task("periodic_output", period=0.1)
    record = nr.Record(("h", "output", "target"), every=2, checkpoints=2)
    how: dict[str, Any] = {"engine": "reference", "trials": 4, "gradient_angle": 2, "record": record, "progress": False}
    runs = [nr.train(nr.Network.random(0, 4, 1, seed=seed), task, seed=seed, **how) for seed in (0, 1)]
    net, trials = runs[0].network, task.trials(2)
    shown = nr.simulate(net, trials, engine="reference")
    named = {"run": runs[0], "runs": runs, "net": net, "network": net, "trials": trials, "task": task, "what": shown}
    return {"np": np, "nr": nr, **named, "trajectories": shown, "traj": shown}


def call(function: Callable[..., Any], **more: Any) -> Any:
    """Call it: `more`, such as ``ax``, goes to arguments of those names."""
    takes = inspect.signature(function).parameters
    more = {name: value for name, value in more.items() if name in takes}
    needed = [name for name, each in takes.items() if each.default is each.empty and each.kind == each.POSITIONAL_OR_KEYWORD]
    examples = doctest.DocTestParser().get_examples(function.__doc__ or "")
    if examples and not all(_known(name) for name in needed):
        return _as_shown(function, "".join(each.source for each in examples), more)
    return function(**{name: _named(function, name) for name in needed}, **more)


def _as_shown(function: Callable[..., Any], source: str, more: dict[str, Any]) -> Any:
    """What its last call in the Examples returns, which may speak of a file ``run.h5``; `more` goes to every call there."""
    returned: list[Any] = []

    def shown(*arguments: Any, **named: Any) -> Any:
        returned.append(function(*arguments, **{**named, **more}))
        return returned[-1]

    home = sys.modules[function.__module__.rpartition(".")[0] or function.__module__]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), patch.object(home, function.__name__, shown, create=True):
        _there()["run"].save_as("run.h5")
        exec(source, {**_there(), function.__name__: shown})
    hold(returned, function, "the Examples of its docstring call it")
    return returned[-1]


def _known(argument: str) -> bool:
    return argument in nr.names("dynamics") or argument in _there()


def _named(function: Callable[..., Any], argument: str) -> Any:
    if argument in nr.names("dynamics"):
        return call(getattr(nr.dynamics, argument))
    law = f"an argument without a default is one of {WORDS}; or the Examples of its docstring call it, and may speak of them"
    hold(argument in _there(), function, law, argument)
    return _there()[argument]
