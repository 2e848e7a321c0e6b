"""How a plot or a dynamics function is called: as the examples of its docstring do, or with what its arguments are called."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

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
    """Call it: `more`, such as ``ax``, goes to arguments of those names, and is there for examples."""
    examples = doctest.DocTestParser().get_examples(function.__doc__ or "")
    if examples:
        scope = {**_there(), function.__name__: function, **more}
        *before, last = examples
        for each in before:
            exec(each.source, scope)
        return eval(last.source, scope)
    given = inspect.signature(function).parameters
    needed = {
        name: _named(function, name)
        for name, each in given.items()
        if each.default is each.empty and each.kind == each.POSITIONAL_OR_KEYWORD
    }
    return function(**needed, **{name: value for name, value in more.items() if name in given})


def _named(function: Callable[..., Any], argument: str) -> Any:
    if argument in nr.names("dynamics"):
        return call(getattr(nr.dynamics, argument))
    law = f"an argument without a default is one of {WORDS}; or the Examples of its docstring call it, and may speak of them"
    hold(argument in _there(), function, law, argument)
    return _there()[argument]
