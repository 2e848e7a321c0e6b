"""Progress of long work: a bar with ETA in a terminal or notebook, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

Hook = Callable[[int, int, float], None]
LINES = 10  # plain lines of a whole training: a batch log stays readable


class Progress:
    """Shows done of total, and the loss.

    Parameters
    ----------
    show : bool or callable
        True: a bar, or plain lines where the output is no terminal. A function is called with (done, total, loss).
    total, done : int
        Trials of the whole training, and before it starts.
    unit : str
        What is counted, if not trials.
    """

    def __init__(self, show: bool | Hook, total: int, done: int = 0, unit: str = "trial"):
        self.total, self.show = total, _hook(show, total, done, unit)
        self.last = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def advance(self, done: int, loss: float) -> None:
        """Tell how far the work is; cheap enough for every batch."""
        now = time.monotonic()
        if now - self.last > 0.1 or done == self.total:
            self.last = now
            self.show(done, self.total, loss)

    def __exit__(self, *reason: Any) -> None:
        close = getattr(self.show, "close", None)
        if close:
            close()


def _hook(show: bool | Hook, total: int, done: int, unit: str) -> Hook:
    if callable(show):
        return show
    if not show:
        return lambda done, total, loss: None
    return _Bar(total, done, unit) if sys.stderr.isatty() or _in_notebook() else _Lines(total, done, unit)


def _in_notebook() -> bool:
    """Whether an IPython kernel runs this, as notebooks have it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")


class _Bar:
    """A rich bar on standard error."""

    def __init__(self, total: int, done: int, unit: str):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (
            TextColumn(f"{unit}s"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeElapsedColumn(),
            TextColumn("eta"),
            TimeRemainingColumn(),
        )
        self.bar = Progress(*columns, console=Console(stderr=True))
        self.task = self.bar.add_task("training", total=total, completed=done, loss="")
        self.bar.start()

    def __call__(self, done: int, total: int, loss: float) -> None:
        self.bar.update(self.task, completed=done, loss=_told(loss))

    def close(self) -> None:
        self.bar.stop()


class _Lines:
    """A line on standard error after every tenth of the work."""

    def __init__(self, total: int, done: int, unit: str):
        self.unit = unit
        self.start, self.first, self.next = time.monotonic(), done, done + max(1, total // LINES)

    def __call__(self, done: int, total: int, loss: float) -> None:
        if done >= self.next or done == total:
            spent = time.monotonic() - self.start
            left = spent * (total - done) / max(1, done - self.first)
            print(f"{self.unit} {done}/{total}  {_told(loss)}  {spent:.0f} s, {left:.0f} s left", file=sys.stderr, flush=True)
            self.next = done + max(1, total // LINES)


def _told(loss: float) -> str:
    """Nothing where nothing is compared, as in a simulation."""
    return "" if loss != loss else f"loss {loss:.4g}"
