"""What a sweep shows while it runs: a bar over all points in a terminal or notebook, plain lines in a log; failures as they come."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from neurorec.display import escaped, some
from neurorec.progress import view_of
from neurorec.sweeps.claims import claims, read_owner
from neurorec.sweeps.plan import Plan, Point
from neurorec.sweeps.work import BUSY, DONE, FAILED, Result

REDRAWN = 1.0  # seconds between two looks at what is running


class Board:
    """Counts results and shows them, and every second what is running.

    Parameters
    ----------
    folder : Path
    points : iterable of Point
        Those to be trained.
    total, done : int
        Points of the sweep, and of these done before.
    """

    def __init__(self, folder: Path, points: Iterable[Point], total: int, done: int):
        self._folder, self._points, self._total = folder, {point.name: point for point in points}, total
        self._counts = {DONE: done, FAILED: 0, BUSY: 0}
        self._first, self._began, self._drawing, self._closed = done, time.monotonic(), threading.Lock(), threading.Event()
        self._view = view_of(total, done, "point")
        self._view.show(done, "starting", None)
        self._clock = threading.Thread(target=self._look, daemon=True, name="progress of a sweep")
        self._clock.start()

    def note(self, result: Result) -> None:
        """One point more."""
        self._counts[result["state"]] += 1
        if result["state"] == FAILED:
            self._say(f"{self._points[result['name']]} failed: {result['error']}")
        elif result["state"] == BUSY:
            self._say(f"{self._points[result['name']]} is being trained by {result['who']}")
        self._show()

    def close(self) -> None:
        """The last state remains visible."""
        self._closed.set()
        self._clock.join()
        self._view.close()

    def _look(self) -> None:
        while not self._closed.wait(REDRAWN):
            self._show()

    def _show(self) -> None:
        done = self._counts[DONE]
        fresh = done - self._first
        left = (time.monotonic() - self._began) * (self._total - done) / fresh if fresh else None
        owners = [owner for path in claims(self._folder).values() if (owner := read_owner(path)) is not None]
        said = [some(len(owners), "run") + " under way"] if owners else []
        said += [f"{self._counts[FAILED]} failed"] if self._counts[FAILED] else []
        with self._drawing:
            self._view.show(done, ", ".join([*said, *_losses([owner.loss for owner in owners])]), left)

    def _say(self, text: str) -> None:
        print(escaped(text), file=sys.stderr, flush=True)


@contextlib.contextmanager
def watched(shown: bool, folder: Path, plan: Plan, points: Iterable[Point], done: int) -> Iterator[Callable[[Result], object]]:
    """A board, or none; what is to be called with every result."""
    if not shown:
        yield lambda result: None
        return
    board = Board(folder, points, plan.count, done)
    try:
        yield board.note
    finally:
        board.close()


def _losses(each: list[float]) -> list[str]:
    known = [loss for loss in each if loss == loss]
    return [f"loss {min(known):.3g} to {max(known):.3g}"] if known else []
