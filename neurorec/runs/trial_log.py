"""Rows of a log, one a trial or transition, collected in memory and written in blocks about once a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Protocol, final

import numpy as np

from neurorec.hdf5.states import State

FLUSH_SECONDS = 1.0  # of wall clock between two checkpoints: what a killed training loses
RECENT = 100  # rows over which the value shown is averaged


class LogFile(Protocol):
    """Where rows and states go: a `RunWriter` or a `LoopFile`."""

    def write_log(self, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Fill rows of the log from `first` on, (n,) a column."""
        ...

    def checkpoint(self, state: State) -> None:
        """Store what the work goes on from, and flush."""
        ...


@final
class TrialLog:
    """The log of a training or learning under way, with its checkpoints.

    Memory is bounded by the rows of a second. A row and the state after it reach the file together, so that what is killed goes on
    without a gap.

    Parameters
    ----------
    file : LogFile, optional
        None: nothing is written.
    done : int
        Rows that the file holds already.
    recent : iterable of float
        The shown value of the last of those.

    Attributes
    ----------
    done : int
        Rows so far.
    """

    def __init__(self, file: LogFile | None, done: int, recent: Iterable[float] = ()):
        self.done = done
        self._file, self._flushed = file, time.monotonic()
        self._blocks: list[Mapping[str, np.ndarray]] = []
        self._recent: deque[float] = deque(recent, maxlen=RECENT)

    @property
    def recent(self) -> float:
        """Mean of the shown value over the last `RECENT` rows; not a number before the first."""
        return float(np.mean(self._recent)) if self._recent else np.nan

    @property
    def full(self) -> bool:
        """Whether there are as many rows as the mean is over."""
        return len(self._recent) == RECENT

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return self._file is not None and time.monotonic() - self._flushed > FLUSH_SECONDS

    def batches_until(self, limit: float, shown: np.ndarray, batch: int) -> int:
        """After how many batches of the next rows, whose values are given, the mean is below a limit; all of them, if it never is."""
        values = np.array([*self._recent, *map(float, shown)])
        before = len(self._recent)
        for k in range(1, len(shown) // batch + 1):
            if before + k * batch >= RECENT and np.mean(values[: before + k * batch][-RECENT:]) < limit:
                return k
        return len(shown) // batch

    def append(self, block: Mapping[str, np.ndarray], shown: np.ndarray) -> None:
        """Add rows.

        Parameters
        ----------
        block : mapping of str to (n,) array
            All columns.
        shown : (n,) array
            The value whose mean is shown while the work goes on, such as the loss.
        """
        if self._file is not None:
            self._blocks.append(block)
        self._recent.extend(map(float, shown))
        self.done += len(shown)

    def checkpoint(self, state: State) -> None:
        """Write all rows so far, then the state after them."""
        if self._file is not None:
            self._write_rows(self._file)
            self._file.checkpoint(state)
        self._blocks, self._flushed = [], time.monotonic()

    def _write_rows(self, file: LogFile) -> None:
        if self._blocks:
            columns = {name: np.concatenate([block[name] for block in self._blocks]) for name in self._blocks[0]}
            rows = len(next(iter(columns.values())))
            file.write_log(self.done - rows, columns)
