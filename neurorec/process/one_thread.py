"""BLAS in one thread while anything is trained, however many trainings overlap in a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from threadpoolctl import ThreadpoolController


class Overlapping:
    """A context that changes something of the whole process; of several that overlap the last to end restores it.

    If each restored the value from its own beginning, it would leave the change of another behind.

    Parameters
    ----------
    change : callable
        Makes the change, and returns what undoes it.
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


def _limited() -> Callable[[], object]:
    before = [(each, each.num_threads) for each in ThreadpoolController().lib_controllers]
    for library, _ in before:
        _set(library, 1)
    return lambda: [_set(library, threads) for library, threads in before]


def _set(library: Any, threads: int) -> None:
    """threadpoolctl lets only the thread that set a limit first set another, as long as it lives; the last to end may be any."""
    getattr(library, "_real_set_num_threads", library.set_num_threads)(threads)


one_thread = Overlapping(_limited)  # the same bits on any number of cores, and never slower at a trial's size
