"""One task per file: motor and working-memory tasks, and the benchmarks of gradient-based training."""

from __future__ import annotations

from typing import Any

from neurorec.discovery import made
from neurorec.tasks.base.task import AbstractTask


def task(name: str, **settings: Any) -> AbstractTask:
    """A task by name, with its settings.

    Parameters
    ----------
    name : str
        From ``nr.names("tasks")``.
    **settings
        Fields of the task's class; ``dt`` in seconds.

    Raises
    ------
    UnknownName, ValueRefused
        With the names there are.

    Examples
    --------
    >>> import neurorec as nr
    >>> task = nr.task("n_bit_flip_flop", n_bits=2, duration=1.0)
    >>> task.trials(16, seed=3).inputs.shape  # (time, trial, channel)
    (100, 16, 2)
    """
    return made("tasks", name, settings)
