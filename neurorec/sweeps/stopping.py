"""Signals while a sweep runs: what is under way finishes its batch, nothing new begins."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from neurorec.process.interrupt import SIGNALS

REQUEUE = 85  # exit status by which a scheduler can be told to run a job again; Unix has no other meaning for it


class Stopping:
    """While entered, a signal sets `received`; a third one acts at once.

    A training under way handles the first signal itself, and raises when it has made its file whole.

    Parameters
    ----------
    told : callable, optional
        Called at the first signal.
    """

    def __init__(self, told: Callable[[], object] = lambda: None) -> None:
        self.received: int | None = None
        self._told, self._before = told, {}

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            self._before: dict[int, Any] = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def during(self, work: Callable[[], Any]) -> Any:
        """Do some work; None where a signal has ended it."""
        try:
            return work()
        except KeyboardInterrupt:
            self.received = self.received or signal.SIGINT
        except SystemExit:
            self.received = self.received or signal.SIGTERM
        return None

    @property
    def status(self) -> int:
        """Of the process that ends: 130 after Ctrl-C, or 85: requeue."""
        return 130 if self.received == signal.SIGINT else REQUEUE

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.received is not None:
            self._restore()
        self.received = number
        self._told()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __exit__(self, *reason: Any) -> None:
        self._restore()
