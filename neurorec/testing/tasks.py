"""Laws of a task."""

from __future__ import annotations

import dataclasses
import json
import pickle
from typing import Any

import numpy as np

from neurorec.discovery import class_of, names
from neurorec.networks.network import Network
from neurorec.random_numbers.together import FEW
from neurorec.runs.record import Record
from neurorec.tasks import task as make
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.testing._laws import documented, hold, refused
from neurorec.training.train import train

NO_TIME_STEP = (0, -0.01, float("nan"), float("inf"), "0.01", None, True)
NONSENSE = (-1, float("nan"), {}, (1.0, "a"))


def check_task(task: Any, **settings: Any) -> None:
    """Hold a task to its laws.

    Arrays are time-major and as wide as it says; trial k is the same trial whatever the batch, and comes from the seed alone; its
    targets score 1, silence less, and any answer from 0 to 1; settings survive a file and a process, and nonsense is refused in a
    line; its recommended settings train it.

    Parameters
    ----------
    task : class, or its name
        Derived from `neurorec.AbstractTask`.
    **settings
        Those without a default.

    Raises
    ------
    AssertionError
        Saying which law does not hold.
    """
    cls = class_of("tasks", task)
    documented(cls)
    made = make(task, **settings)
    _check_arrays(made)
    _check_trials(made, make(task, **settings))
    _check_scores(made)
    _check_clock(*(make(task, **{**settings, "dt": dt}) for dt in (0.01, 0.005)))
    _check_settings(task, made)
    _check_refusals(task, made, settings)
    _check_training(made)


def _check_arrays(task: AbstractTask) -> None:
    for n in (1, 4):
        trials = task.trials(n)
        steps = len(trials.targets)
        for name, channels in (("inputs", task.n_inputs), ("targets", task.n_outputs)):
            found, wanted = getattr(trials, name).shape, (steps, n, channels)
            hold(found == wanted, task, f"{name} of {n} trials are (time, trial, channel), {wanted}", found)
        hold(trials.mask.shape == (steps, n), task, f"the mask is (time, trial), {(steps, n)}", trials.mask.shape)
        arrays = trials.inputs, trials.targets, trials.mask
        checked = Trials(*arrays, trials.conditions, trials.dt, trials.loss, trials.channels)
        hold(_same(checked, trials), task, "its trials are what `Trials` makes of their parts")
        types = {trials.inputs.dtype, trials.targets.dtype, trials.mask.dtype}
        hold(types == {np.dtype(float)}, task, "arrays are float64", types)
        hold((trials.dt, trials.loss, trials.count) == (task.dt, task.loss, n), task, "trials have the task's dt and loss")
        for key, column in trials.conditions.items():
            hold(column.shape == (n,) and column.dtype.kind in "biufU", task, f"condition {key} is a plain value a trial", column)
    hold(
        task.n_outputs >= 1 and (task.loss in names("losses") or ":" in task.loss),
        task,
        "it asks something, by a loss that there is",
        task.loss,
    )


def _same(one: Trials, other: Trials) -> bool:
    """To the bit."""
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("inputs", "targets", "mask"))
    columns = one.conditions.keys() == other.conditions.keys()
    return arrays and columns and all(np.array_equal(one.conditions[key], other.conditions[key]) for key in one.conditions)


def _check_trials(task: AbstractTask, again: AbstractTask) -> None:
    late = task.trials(5, seed=3).take(np.array([3, 4]))
    hold(_same(late, task.trials(2, seed=3, first=3)), task, "trials 3 and 4 of five are the two that start at 3")
    few, many = task.trials(1, seed=3, first=FEW - 1), task.trials(3, seed=3, first=FEW - 1)
    hold(_same(few, many.take(np.array([0]))), task, f"trial {FEW - 1} is the same whether NumPy draws it or compiled code")
    trials, other = task.trials(8, seed=1), task.trials(8, seed=2)
    random = not _same(trials.take(np.arange(4)), trials.take(np.arange(4, 8)))
    hold(_same(trials, again.trials(8, seed=1)), task, "one seed gives the same trials")
    hold(_same(trials, other) != random, task, "unless all trials are alike, another seed gives others")


def _check_scores(task: AbstractTask) -> None:
    trials = task.trials(6, seed=4)
    perfect, silent = task.score(trials.targets, trials), task.score(np.zeros_like(trials.targets), trials)
    hold(np.array_equal(perfect, np.ones(6)), task, "the targets score exactly 1", perfect)
    asked = np.abs(trials.targets).max(axis=(0, 2)) > 0
    hold(asked.any() and (silent[asked] < 1).all(), task, "silence scores below 1 where something else was asked", silent)
    for size in (0.1, 1, 100):
        outputs = trials.targets + np.random.default_rng(0).normal(0, size, trials.targets.shape)
        scores = task.score(outputs, trials)
        hold(scores.shape == (6,) and ((scores >= 0) & (scores <= 1)).all(), task, "scores are from 0 to 1, one a trial", scores)
        alone = [task.score(outputs[:, k : k + 1], trials.take(np.array([k])))[0] for k in range(6)]
        hold(np.abs(scores - alone).max() < 1e-12, task, "a trial scores the same on its own", alone)


def _check_clock(coarse: AbstractTask, fine: AbstractTask) -> None:
    """In seconds, a trial at half the time step has twice the steps; in steps it has the same ones."""
    long, short = coarse.trials(1), fine.trials(1)
    hold(coarse.clock in ("seconds", "steps"), coarse, "its clock is seconds or steps", coarse.clock)
    if coarse.clock == "steps":
        hold(
            np.array_equal(long.inputs, short.inputs) and np.array_equal(long.targets, short.targets),
            coarse,
            "timed in steps, dt changes none",
        )
    else:
        hold(
            abs(long.time[-1] - short.time[-1]) <= 0.05,
            coarse,
            f"timed in seconds, a trial lasts {long.time[-1]:g} s at any dt",
            short.time[-1],
        )


def _settings(task: Any) -> dict[str, Any]:
    """What a run file keeps."""
    return {field.name: getattr(task, field.name) for field in dataclasses.fields(task) if field.init}


def _check_settings(name: Any, task: Any) -> None:
    frozen = getattr(type(task), "__dataclass_params__", None)
    hold(frozen and frozen.frozen, task, "it is a frozen dataclass")
    fields, said = list(_settings(task)), type(task).__doc__ or ""
    hold(fields[0] == "dt", task, "its first setting is dt", fields)
    hold(all(each in said for each in fields), task, "its docstring explains each setting", [each for each in fields if each not in said])
    stored = make(name, **json.loads(json.dumps(_settings(task))))
    hold(stored == task and hash(stored) == hash(task), task, "it is the same task again from its settings in JSON", stored)
    hold(_same(stored.trials(2), task.trials(2)), task, "from its settings in JSON it makes the same trials")
    hold(_same(pickle.loads(pickle.dumps(task)).trials(2), task.trials(2)), task, "in another process it makes the same trials")


def _check_refusals(name: Any, task: Any, settings: dict[str, Any]) -> None:
    for dt in NO_TIME_STEP:
        said = refused(lambda dt=dt: make(name, **{**settings, "dt": dt}), task, f"dt = {dt!r} is refused when it is made")
        hold(said.startswith("dt must be a positive number"), task, "it is said what dt must be", said)
    refused(lambda: make(name, **settings, dtt=0.01), task, "a misspelt setting is refused")
    for field in _settings(task):
        for value in NONSENSE:
            refused(lambda field=field, value=value: make(name, **{**settings, field: value}), task, f"{field} = {value!r} is refused")


def _check_training(task: AbstractTask) -> None:
    own = task.recommended.but(units=4, trials=1, batch=1)
    net = Network.for_task(task, units=4)
    run = train(net, task, engine="reference", record=Record.nothing(), progress=False, **own.training)
    found = (net.inputs, net.outputs, net.dt, net.cell)
    hold(found == (task.n_inputs, task.n_outputs, task.dt, task.recommended.cell), task, "a network is made for it", found)
    hold((run.config["rule"], run.config["rate"]) == (own.rule, own.training["rate"]), task, "its recommended settings are taken")
    hold(not np.array_equal(run.network.readout, net.readout), task, "its recommended settings move the readout")
