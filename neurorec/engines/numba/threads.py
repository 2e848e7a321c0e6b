"""Sharing the trials of a batch among threads; the numbers are the same however many there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from numba.core import config

from neurorec.arrays import whole

# Multiplications that a thread must be worth: about half a millisecond, ten times what it takes to wake one.
LEAST = 30_000_000
ROWS = 4  # a share is a multiple of the rows that a product takes at once
SHARES = 2  # a thread, more than one: where a core is busy with something else, the others take over


class Threads:
    """Calls compiled loops over parts of a range, in as many threads as that is worth.

    Parameters
    ----------
    requested : int or None
        At most. None: one a core (``NUMBA_NUM_THREADS`` if it is set).

    Raises
    ------
    ValueRefused
        If it is no whole number from 1.
    """

    def __init__(self, requested: int | None = None) -> None:
        cores: int = config.NUMBA_NUM_THREADS  # pyright: ignore[reportAttributeAccessIssue]
        self.most = cores if requested is None else whole("threads", requested)

    def share(self, loop: Callable, arguments: Sequence[Any], count: int, work: int) -> None:
        """``loop(*arguments, first, last)`` for parts that make up 0 to `count`, each of which costs `work` multiplications."""
        threads = self.worth(count, work)
        if threads == 1:
            loop(*arguments, 0, count)
            return
        size = part(count, threads)
        starts = range(0, count, size)
        for done in [_pool(threads, os.getpid()).submit(loop, *arguments, start, min(start + size, count)) for start in starts]:
            done.result()

    def worth(self, count: int, work: int) -> int:
        """How many threads `count` parts of `work` multiplications each keep busy."""
        return max(1, min(self.most, count // ROWS, count * work // LEAST))


def part(count: int, threads: int) -> int:
    """Size of a share: whole blocks of a product, `SHARES` a thread where there are as many."""
    blocks = -(-count // ROWS)
    return ROWS * max(1, -(-blocks // (SHARES * threads)))


@lru_cache(maxsize=8)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """Kept for the next batch; a forked process does not inherit threads and makes its own."""
    return ThreadPoolExecutor(threads, thread_name_prefix="neurorec")
