"""The log of a loop that learns, a row a transition, and its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorec.engines.base import Activity
from neurorec.hdf5.states import State
from neurorec.networks.network import Network
from neurorec.process.memory import expect_memory
from neurorec.runs.layout import Layout
from neurorec.runs.loop_file import LoopFile
from neurorec.runs.record import recorded
from neurorec.runs.trial_log import RECENT, TrialLog

if TYPE_CHECKING:
    import xarray

COLUMNS = {
    "previous": ("1", "number of the syllable that ended"),
    "next": ("1", "number of the syllable that was chosen"),
    "explored": ("1", "1 where it was chosen at random"),
    "rewarded": ("1", "1 where it was right"),
}


class LoopLog:
    """What a learning leaves: its log, all of it in memory, and, in a file, also trajectories and resume states.

    Parameters
    ----------
    network : Network
    layout : Layout
        Of ``total`` transitions.
    file : LoopFile, optional
        None: in memory only.
    done : int
        Transitions that the file holds already.

    Raises
    ------
    ValueRefused
        If the log would not fit into memory.
    """

    def __init__(self, network: Network, layout: Layout, file: LoopFile | None, done: int = 0):
        expect_log_fits(layout.total)
        self.total = layout.total
        self._network, self._record, self._file = network, layout.record, file
        self._rows = np.full((len(COLUMNS), self.total), np.nan)
        if file is not None:
            self._rows[:, :done] = file.log(done)
        self._log = TrialLog(file, done, self._errors(slice(max(0, done - RECENT), done)))

    @property
    def done(self) -> int:
        """Transitions so far."""
        return self._log.done

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return self._log.due

    @property
    def recent_errors(self) -> float:
        """Share of the last transitions that were wrong."""
        return self._log.recent

    def append(self, previous: int, following: int, explored: bool, rewarded: bool) -> None:
        """Add a transition."""
        row = slice(self.done, self.done + 1)
        self._rows[:, self.done] = previous, following, explored, rewarded
        self._log.append({name: column[row] for name, column in zip(COLUMNS, self._rows, strict=True)}, self._errors(row))

    def record(self, activity: Activity, inputs: np.ndarray) -> None:
        """Write what the network did before the transition that comes next, if it is one to record."""
        record = self._record
        if self._file is not None and record.variables and self.done % record.every == 0:
            arrays = {name: recorded(name, self._network, activity, inputs, inputs[..., :0]) for name in record.variables}
            self._file.write_trajectories(self.done, arrays)

    def checkpoint(self, state: State) -> None:
        """Write everything up to now to the file."""
        self._log.checkpoint(state)

    def conclude(self, state: State, units: np.ndarray) -> None:
        """Write all that is left, and what the loop and its units have become."""
        self.checkpoint(state)
        if self._file is not None:
            self._file.finish(state, units)

    def to_xarray(self) -> xarray.Dataset:
        """All transitions, over ``trial``, from 1."""
        import xarray

        columns = {
            name: ("trial", self._rows[i, : self.done].astype(bool if i > 1 else int), {"units": unit, "long_name": long_name})
            for i, (name, (unit, long_name)) in enumerate(COLUMNS.items())
        }
        return xarray.Dataset(columns, {"trial": np.arange(1, self.done + 1)})

    def how_to_go_on(self) -> str:
        """The message for whoever stopped the learning."""
        left = f"learn the other {self.total - self.done} by another call of learn"
        way = (
            f"the loop keeps what it has learnt, {left}"
            if self._file is None
            else f"go on with SequenceLoop.resume({str(self._file.path)!r})"
        )
        return f"stopped after transition {self.done} of {self.total}; {way}"

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    def _errors(self, rows: slice) -> np.ndarray:
        """1 where a transition was wrong, else 0."""
        return 1 - self._rows[-1, rows]


def expect_log_fits(transitions: int) -> None:
    """Refuse a learning whose log is larger than memory."""
    size = 8 * len(COLUMNS) * transitions
    expect_memory(size, f"the log of {transitions} transitions", "learn fewer at a time, by several calls of learn")
