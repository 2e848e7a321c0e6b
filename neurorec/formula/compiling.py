"""When Numba compiles: for a progress bar, which must not count that time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

# Of the compilers for CPU and GPU, each with listeners and a name of its own for the same event.
EVENTS = {"numba.core.event": "numba:compile", "numba.cuda.core.event": "numba-cuda:compile"}


class CompileWatch:
    """While entered, follows when compiling begins and ends.

    Parameters
    ----------
    changed : callable
        Called with True when compiling begins, with False when it has ended.

    Attributes
    ----------
    seconds : float
        Spent on it so far.
    """

    def __init__(self, changed: Callable[[bool], None]):
        self.changed, self.seconds = changed, 0.0
        self._depth, self._began = 0, 0.0  # a function compiles those that it calls
        self._listening = ExitStack()

    def __enter__(self) -> CompileWatch:
        for name, kind in EVENTS.items():
            if name in sys.modules:  # otherwise no engine compiles
                event = sys.modules[name]
                self._listening.enter_context(event.install_listener(kind, _listener(event, self)))
        return self

    def __exit__(self, *reason: Any) -> None:
        self._listening.close()

    def begin(self) -> None:
        """A function is being compiled."""
        self._depth += 1
        if self._depth == 1:
            self._began = time.monotonic()
            self.changed(True)

    def end(self) -> None:
        """It is done."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.monotonic() - self._began
            self.changed(False)


def _listener(event: Any, watch: CompileWatch) -> Any:
    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:
            watch.begin()

        def on_end(self, event: Any) -> None:
            watch.end()

    return Listener()
