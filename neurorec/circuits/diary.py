"""What happened while a loop learnt, kept for the user and written to a file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurorec.engines.base import Activity
from neurorec.networks.network import Network
from neurorec.process.memory import expect_memory
from neurorec.runs.layout import Layout
from neurorec.runs.loop_file import LoopFile
from neurorec.runs.record import recorded
from neurorec.runs.slots import State

if TYPE_CHECKING:
    from types import TracebackType

    import xarray

COLUMNS = {
    "previous": ("1", "number of the syllable that ended"),
    "next": ("1", "number of the syllable that was chosen"),
    "explored": ("1", "1 where it was chosen at random"),
    "rewarded": ("1", "1 where it was right"),
}
FLUSH_SECONDS = 1.0  # of wall clock between two checkpoints: what a killed learning loses
RECENT = 100  # transitions over which the share that was right is taken


class Diary:
    """The log of a learning, a row a transition.

    Parameters
    ----------
    network : Network
    layout : Layout
        Of ``total`` transitions.
    file : LoopFile, optional
        None: in memory only.
    done : int
        Transitions that the file knows already.

    Raises
    ------
    ValueRefused
        If the log would not fit into memory.
    """

    def __init__(self, network: Network, layout: Layout, file: LoopFile | None, done: int = 0):
        expect_log_fits(layout.total)
        self.done, self.total = done, layout.total
        self._network, self._record, self._file = network, layout.record, file
        self._rows = np.full((len(COLUMNS), self.total), np.nan)
        self._written, self._flushed = done, time.monotonic()
        if file is not None:
            self._rows[:, :done] = file.log(done)

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return self._file is not None and time.monotonic() - self._flushed > FLUSH_SECONDS

    @property
    def rewarded(self) -> float:
        """Share of the last transitions that were right."""
        return float(self._rows[-1, max(0, self.done - RECENT) : self.done].mean())

    def note(self, row: Sequence[float], activity: Activity, inputs: np.ndarray) -> None:
        """One transition, and, if it is to be recorded, what the network did before it."""
        record = self._record
        if self._file is not None and record.variables and self.done % record.every == 0:
            arrays = {name: recorded(name, self._network, activity, inputs, inputs[..., :0]) for name in record.variables}
            self._file.write_trajectories(self.done, arrays)
        self._rows[:, self.done] = row
        self.done += 1

    def checkpoint(self, state: State) -> None:
        """Everything up to now to the file."""
        if self._file is not None:
            self._file.checkpoint(self._written, self._rows[:, self._written : self.done], state)
            self._written, self._flushed = self.done, time.monotonic()

    def conclude(self, state: State, units: np.ndarray) -> None:
        """Write all that is left, and what the loop and its units have become."""
        self.checkpoint(state)
        if self._file is not None:
            self._file.finish(state, units)

    def log(self) -> xarray.Dataset:
        """All that was learnt from, over ``trial``, from 1."""
        import xarray

        columns = {
            name: ("trial", self._rows[i, : self.done].astype(bool if i > 1 else int), {"units": unit, "long_name": long_name})
            for i, (name, (unit, long_name)) in enumerate(COLUMNS.items())
        }
        return xarray.Dataset(columns, {"trial": np.arange(1, self.done + 1)})

    def how_to_go_on(self) -> str:
        """For who stopped the learning."""
        left = f"learn the other {self.total - self.done} by another call of learn"
        way = (
            f"the loop keeps what it has learnt, {left}"
            if self._file is None
            else f"go on with SequenceLoop.resume({str(self._file.path)!r})"
        )
        return f"stopped after transition {self.done} of {self.total}; {way}"

    def __enter__(self) -> Diary:
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()


def expect_log_fits(transitions: int) -> None:
    """Refuse a learning whose log is larger than memory."""
    size = 8 * len(COLUMNS) * transitions
    expect_memory(size, f"the log of {transitions} transitions", "learn fewer at a time, by several calls of learn")
