"""A run's task: described in its file, and made again from that."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurorec.discovery import name_of, resolve
from neurorec.errors import ValueRefused
from neurorec.tasks.base.collection import Dataset
from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials
from neurorec.trust import Trusted, restored

ARRAYS = "neurorec.trials:Dataset"  # what files call a task of the user's own arrays: a word of theirs, no module


def as_task(task: AbstractTask | Trials | str) -> AbstractTask:
    """A task from a task, a name, or trials of the user's own."""
    return Dataset(task) if isinstance(task, Trials) else resolve("tasks", task)


def describe_task(task: AbstractTask) -> tuple[str, dict[str, Any]]:
    """A task's name and the settings from which `task_of_run` makes it again."""
    if isinstance(task, Dataset):
        return ARRAYS, {"digest": digest(task.data)}
    fields = [f.name for f in dataclasses.fields(task) if f.init] if dataclasses.is_dataclass(task) else []
    return name_of(task), {name: json_able(getattr(task, name)) for name in fields}


def task_of_run(config: Mapping[str, Any], task: AbstractTask | Trials | str | None, trust: Trusted = False) -> AbstractTask:
    """The task that a run's settings describe; or `task`, where it is that.

    Raises
    ------
    ValueRefused
        If the run was trained on arrays and they (or others) were not passed again.
    RunFileError
        If its class is not the library's own, not trusted, and no task was passed.
    """
    name, settings = config["task"], config["task_settings"]
    if task is not None:
        passed = as_task(task)
        if (name, settings) not in (describe_task(passed), _described_before(passed)):
            raise ValueRefused(f"the run was trained on {name} with {settings}; the task given is another one")
        return passed
    if "digest" in settings:
        raise ValueRefused("the run was trained on arrays, which its file does not hold; pass the same nr.Trials as task=")
    return restored("tasks", name, settings, trust)


def digest(trials: Trials) -> str:
    """What tells one set of trials from another: shapes, time step and numbers."""
    shapes = repr((trials.inputs.shape, trials.targets.shape, trials.dt)).encode()
    return hashlib.sha256(shapes + _numbers(trials)).hexdigest()[:32]


def json_able(value: Any) -> Any:
    """A setting as JSON has it: arrays and tuples become lists."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: json_able(each) for name, each in value.items()}
    return [json_able(each) for each in value] if isinstance(value, tuple | list) else value


def _described_before(task: AbstractTask) -> tuple[str, dict[str, Any]] | None:
    """Arrays as runs describe them from before their shapes were told apart."""
    if not isinstance(task, Dataset):
        return None
    return ARRAYS, {"digest": hashlib.sha256(_numbers(task.data)).hexdigest()[:16]}


def _numbers(trials: Trials) -> bytes:
    return b"".join(np.ascontiguousarray(each).tobytes() for each in (trials.inputs, trials.targets, trials.mask))
