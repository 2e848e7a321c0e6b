"""Progress of long work: a bar with the time left in a terminal or notebook, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, final

import numpy as np

from neurorec.formula.compiling import CompileWatch

Hook = Callable[[int, int, float], object]
LINES = 10  # plain lines of a whole training: a batch log stays readable
REDRAWN = 0.1  # seconds between two drawings of a bar


@final
class NowAndThen:
    """A hook that need not be called after every batch: it is content to be called a few times a second.

    Parameters
    ----------
    hook : callable
        As a caller passes it.
    """

    def __init__(self, hook: Hook):
        self._hook = hook

    def __call__(self, done: int, total: int, loss: float) -> object:
        """As the hook."""
        return self._hook(done, total, loss)


def wants_every_batch(show: bool | Hook) -> bool:
    """Whether a caller passed a function that is to be called after every batch."""
    return callable(show) and not isinstance(show, NowAndThen)


class Progress:
    """Display of the trials done, out of all, and of the loss.

    Parameters
    ----------
    show : bool or callable
        True: a bar, or plain lines where the output is no terminal. A function is called with (done, total, loss) after every
        batch; where it returns False, the work is to stop.
    total, done : int
        Trials of the whole training, and before it starts.
    unit : str
        What is counted, if not trials.
    """

    def __init__(self, show: bool | Hook, total: int, done: int = 0, unit: str = "trial"):
        self.total, self.done, self.unit, self.shown = total, done, unit, not callable(show) and bool(show)
        self.hook: Hook | None = show if callable(show) else None
        self._closing = ExitStack()

    def __enter__(self) -> Progress:
        if self.shown:
            self.hook = self._closing.enter_context(_Watched(view_of(self.total, self.done, self.unit), self.total, self.done))
        return self

    def advance(self, done: int, loss: float) -> bool:
        """Report progress, cheap enough for every batch; whether the work is to go on."""
        answer = None if self.hook is None else self.hook(done, self.total, loss)
        return not (isinstance(answer, bool | np.bool_) and not answer)  # only False stops; a function without a return value gives None

    def __exit__(self, *reason: Any) -> None:
        self._closing.close()


class AbstractView(ABC):
    """A display of progress."""

    @abstractmethod
    def show(self, done: int, text: str, left: float | None) -> None:
        """Display the trials done, a text, and the seconds left if they are known."""

    @abstractmethod
    def close(self) -> None:
        """End the display; its last state remains visible."""


class _Watched:
    """A view with an estimate of the time left, which does not count the first batch nor the time spent compiling."""

    def __init__(self, view: AbstractView, total: int, done: int):
        self.view, self.total, self.done, self.text = view, total, done, "starting"
        self.watch = CompileWatch(self._compiling)
        self.first, self.since, self.last = done, None, 0.0

    def __enter__(self) -> _Watched:
        self.view.show(self.done, self.text, None)
        self.watch.__enter__()
        return self

    def __call__(self, done: int, total: int, loss: float) -> None:
        now = time.monotonic()
        self.done, self.text = done, _loss_text(loss)
        if self.since is None or now - self.last > REDRAWN or done == total:
            self.view.show(done, self.text, self._seconds_left(now))
            self.last = now

    def __exit__(self, *reason: Any) -> None:
        self.watch.__exit__()
        self.view.close()

    def _seconds_left(self, now: float) -> float | None:
        if self.since is None:
            self.since, self.first, self.watch.seconds = now, self.done, 0.0
        if self.done in (self.first, self.total):
            return 0.0 if self.done == self.total else None
        return (now - self.since - self.watch.seconds) * (self.total - self.done) / (self.done - self.first)

    def _compiling(self, begun: bool) -> None:
        self.view.show(self.done, "compiling" if begun else self.text, None)


def view_of(total: int, done: int, unit: str) -> AbstractView:
    """The display that suits where this runs: a terminal, a notebook, a log."""
    if _in_notebook():
        return _Notebook(total, done, unit)
    return _Terminal(total, done, unit) if sys.stderr.isatty() else _Lines(total, done, unit)


def _in_notebook() -> bool:
    """Whether an IPython kernel runs this, as notebooks have it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")


class _Terminal(AbstractView):
    """A rich bar on standard error, which redraws itself."""

    def __init__(self, total: int, done: int, unit: str):
        self.bar = _bar(total, done, unit)
        self.bar.start()

    def show(self, done: int, text: str, left: float | None) -> None:
        self.bar.update(self.bar.task_ids[0], completed=done, text=text, left=_clock(left))

    def close(self) -> None:
        self.bar.stop()


class _Notebook(AbstractView):
    """The same bar as a cell output that is updated; rich's own way needs ipywidgets and shows nothing without."""

    def __init__(self, total: int, done: int, unit: str):
        from IPython.display import display

        self.bar = _bar(total, done, unit)
        self.output: Any = display(self.bar, display_id=True)

    def show(self, done: int, text: str, left: float | None) -> None:
        self.bar.update(self.bar.task_ids[0], completed=done, text=text, left=_clock(left))
        self.output.update(self.bar)

    def close(self) -> None:
        self.output.update(self.bar)


class _Lines(AbstractView):
    """A line on standard error after every tenth of the work."""

    def __init__(self, total: int, done: int, unit: str):
        self.unit, self.total, self.start = unit, total, time.monotonic()
        self.next, self.announced = done + max(1, total // LINES), False

    def show(self, done: int, text: str, left: float | None) -> None:
        if text == "compiling" and not self.announced:
            self.announced = True
            self._print(done, text)
        elif left is not None and (done >= self.next or done == self.total):
            self.next = done + max(1, self.total // LINES)
            self._print(done, f"{text}  {time.monotonic() - self.start:.0f} s, {left:.0f} s left")

    def close(self) -> None:
        """Nothing is open."""

    def _print(self, done: int, text: str) -> None:
        print(f"{self.unit} {done}/{self.total}  {text}", file=sys.stderr, flush=True)


def _bar(total: int, done: int, unit: str) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    texts = TextColumn("{task.fields[text]}"), TimeElapsedColumn(), TextColumn("left"), TextColumn("{task.fields[left]}")
    bar = Progress(TextColumn(f"{unit}s"), BarColumn(), MofNCompleteColumn(), *texts, console=Console(stderr=True))
    bar.add_task(unit, total=total, completed=done, text="", left=_clock(None))
    return bar


def _clock(seconds: float | None) -> str:
    return "-:--:--" if seconds is None else str(timedelta(seconds=round(seconds)))


def _loss_text(loss: float) -> str:
    """Empty for NaN: a simulation has no loss."""
    return "" if loss != loss else f"loss {loss:.4g}"
