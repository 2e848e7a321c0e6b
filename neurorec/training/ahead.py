"""Trials that are made in a thread while the network learns from those before them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from neurorec.tasks.base.trials import Trials

WORTH = 3e-4  # seconds that trials take to make, from which on a thread is quicker


class Ahead:
    """Makes the trials that are likely to be asked for next; who asks for others gets those.

    Parameters
    ----------
    make : callable
        ``make(first, n)``: trials number `first` to ``first + n - 1``. It is never called twice at the same time.
    in_thread : bool
        Else every trial is made when it is asked for.
    """

    def __init__(self, make: Callable[[int, int], Trials], in_thread: bool):
        self._make, self._seconds = make, 0.0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="neurorec-trials") if in_thread else None
        self._expected: tuple[tuple[int, int], Future[Trials]] | None = None

    def take(self, first: int, n: int) -> Trials:
        """Those asked for; what went wrong in making them is raised here."""
        expected, self._expected = self._expected, None
        if expected is None:
            return self._made(first, n)
        asked, future = expected
        if asked == (first, n):
            return future.result()
        if not future.cancel():
            wait([future])
        return self._made(first, n)

    def expect(self, first: int, n: int) -> None:
        """These are likely to be asked for next."""
        if self._pool is not None and n > 0 and self._seconds > WORTH:
            self._expected = (first, n), self._pool.submit(self._made, first, n)

    def close(self) -> None:
        """End the thread, once what it makes is made."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _made(self, first: int, n: int) -> Trials:
        began = time.perf_counter()
        made = self._make(first, n)
        self._seconds = time.perf_counter() - began
        return made
