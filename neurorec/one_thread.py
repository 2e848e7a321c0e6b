"""BLAS in one thread while anything is trained, however many trainings overlap in a process."""

from __future__ import annotations

import threading
from collections.abc import Callable

from threadpoolctl import threadpool_limits


class Overlapping:
    """``with`` it, something is changed that belongs to the whole process; of those that overlap the last to end restores it.

    One that restored what it found when it began would leave the change of another behind.

    Parameters
    ----------
    change : callable
        Makes the change, and gives what undoes it.
    """

    def __init__(self, change: Callable[[], Callable[[], object]]) -> None:
        self._change, self._lock, self._users = change, threading.Lock(), 0
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> None:
        with self._lock:
            self._undo.append(self._change())
            self._users += 1

    def __exit__(self, *reason: object) -> None:
        with self._lock:
            self._users -= 1
            while self._undo and not self._users:
                self._undo.pop()()


# The same bits on any number of cores, and never slower at a trial's size.
one_thread = Overlapping(lambda: threadpool_limits(1).restore_original_limits)
