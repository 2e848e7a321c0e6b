"""The trials of a training, of which networks that see the same have them made once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, final

from neurorec.tasks.base.task import AbstractTask
from neurorec.tasks.base.trials import Trials

if TYPE_CHECKING:
    from neurorec.training.trainer import Trainer


@final
class Sampled:
    """Trials of a task from one seed on; the last are kept, as the next network is likely to ask for them, too.

    Parameters
    ----------
    task : AbstractTask
    seed : int or None
        As `AbstractTask.trials` takes it.
    """

    def __init__(self, task: AbstractTask, seed: Any):
        self.task, self.seed = task, seed
        self._last: tuple[int, int, Trials] | None = None

    def trials(self, first: int, n: int) -> Trials:
        """Trials number `first` and on. Threads that ask at the same time may both have them made: they are the same."""
        last = self._last
        if last is None or last[:2] != (first, n):
            last = self._last = first, n, self.task.trials(n, self.seed, first)
        return last[2]


def share(trainers: Iterable[Trainer]) -> None:
    """Let those with one task and seed have their trials together."""
    known: dict[tuple[int, Any], Sampled] = {}
    for each in trainers:
        each.sampled = known.setdefault((id(each.sampled.task), each.sampled.seed), each.sampled)
