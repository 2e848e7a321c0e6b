"""Trainings of many networks side by side: each goes on by itself, batch after batch or chunk after chunk, in one of a few threads.

A network's numbers are those of its training alone: nothing is shared with the others but the file, in which it has places of its own.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from neurorec.errors import DivergenceError, about
from neurorec.process.carry_on import AbstractWork
from neurorec.runs.runs_writer import RunsWriter
from neurorec.training.journal import Journal


class SideBySide(AbstractWork):
    """The journals of many networks, of which the one that is least far goes on next.

    Parameters
    ----------
    journals : sequence of Journal
    file : RunsWriter
        Whose runs they write.
    threads : int
        How many go on at the same time.
    turn : float
        For how many seconds a network goes on before another takes its place; 0: for one step. What an engine has prepared for it, and the
        caches hold, serves so long.

    Attributes
    ----------
    diverged : dict of int to DivergenceError
        What became unstable, and stopped alone, by its place in the list.
    """

    def __init__(self, journals: Sequence[Journal], file: RunsWriter, threads: int, turn: float = 0.0):
        self.journals, self.file, self.total = list(journals), file, sum(each.total for each in journals)
        self.diverged: dict[int, DivergenceError] = {}
        self._threads, self._turn = min(threads, len(self.journals)), turn
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="neurorec") if self._threads > 1 else None
        self._under_way: dict[Future[None], int] = {}
        self._waiting = [(each.done, k) for k, each in enumerate(self.journals) if not each.finished]  # a heap
        heapq.heapify(self._waiting)
        self._concluded: set[int] = set()
        self._done, self._recent = (np.array(each) for each in zip(*((each.done, each.recent) for each in self.journals), strict=True))

    @property
    def done(self) -> int:
        """Trials of all networks so far."""
        return int(self._done.sum())

    @property
    def recent(self) -> float:
        """Mean over the networks of the mean loss of the last trials."""
        known = self._recent[self._recent == self._recent]
        return float(known.mean()) if known.size else np.nan

    @property
    def finished(self) -> bool:
        """All of them are, or diverged."""
        return not (self._waiting or self._under_way)

    def step(self) -> None:
        """A turn of one network, or, in threads, of as many as end one at the same time."""
        if self._pool is None:
            _, k = heapq.heappop(self._waiting)
            self._advance(k)
            self._return(k)
            return
        while self._waiting and len(self._under_way) < self._threads:
            _, k = heapq.heappop(self._waiting)
            self._under_way[self._pool.submit(self._advance, k)] = k
        self._take(wait(self._under_way, return_when=FIRST_COMPLETED).done)

    def conclude(self) -> None:
        """Wait for those under way; every run is made whole, with its network."""
        if self._under_way:
            self._take(wait(self._under_way).done)
        for k in range(len(self.journals)):
            self._conclude(k)

    def close(self) -> None:
        """Close the file, once nobody writes to it (runs in memory stay open: they are the only copies)."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self.file.path is not None:
            self.file.close()

    def how_to_go_on(self) -> str:
        """The message for whoever interrupted the training."""
        lost = "they were in memory and are lost; train with path= to be able to resume"
        way = lost if self.file.path is None else f"go on with nr.resume({str(self.file.path)!r})"
        return f"stopped after {self.done} of {self.total} trials of {len(self.journals)} networks; {way}"

    def _take(self, ended: Any) -> None:
        """Put those that ended a step back in line, and raise what went wrong in one."""
        for future in ended:
            self._return(self._under_way.pop(future))
        for future in ended:
            future.result()

    def _return(self, k: int) -> None:
        journal = self.journals[k]
        self._done[k], self._recent[k] = journal.done, journal.recent
        if k not in self.diverged and not journal.finished:
            heapq.heappush(self._waiting, (journal.done, k))

    def _advance(self, k: int) -> None:
        """A turn of a network, one step at least, and its end, if it is that."""
        journal, until = self.journals[k], time.monotonic() + self._turn
        try:
            with about(f"network {k}"):
                journal.step()
                while not journal.finished and time.monotonic() < until:
                    journal.step()
        except DivergenceError as error:
            self.diverged[k] = error
        if k in self.diverged or self.journals[k].finished:
            self._conclude(k)

    def _conclude(self, k: int) -> None:
        if k not in self._concluded:
            self.journals[k].conclude()
            self._concluded.add(k)
