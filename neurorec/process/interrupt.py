"""Ctrl-C, a scheduler's SIGTERM and its warning SIGUSR1 end a training between two batches, a loop's learning between two syllables."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class Interrupt:
    """While entered, a signal only sets `received`; a second one acts at once."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():  # Python delivers signals to the main thread only
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def act(self, message: str) -> None:
        """Raise what the received signal, if any, stands for.

        Raises
        ------
        KeyboardInterrupt, SystemExit
        """
        if self.received == signal.SIGINT:
            raise KeyboardInterrupt(message)
        if self.received:
            raise SystemExit(message)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __exit__(self, *reason: Any) -> None:
        self._restore()
