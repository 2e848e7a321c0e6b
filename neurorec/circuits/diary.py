"""What happened while a loop learnt, kept for the user and written to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorec.engines import recorded
from neurorec.engines.base import Activity
from neurorec.storage.loop_file import LoopFile
from neurorec.storage.plan import Plan

if TYPE_CHECKING:
    from types import TracebackType

    import xarray

COLUMNS = {
    "previous": ("1", "number of the syllable that ended"),
    "next": ("1", "number of the syllable that was chosen"),
    "explored": ("1", "1 where it was chosen at random"),
    "rewarded": ("1", "1 where it was right"),
}
BLOCK = 1000  # rows of the log that are written at a time
RECENT = 100  # transitions over which the share that was right is taken


class Diary:
    """The log of a learning, a row a transition.

    Parameters
    ----------
    path : Path or str, optional
        A file; None: in memory only.
    plan : Plan
        Of the file; ``plan.layout.total`` transitions.
    shape : (syllables, cells)
        Of the readout's weights.
    overwrite : bool
    """

    def __init__(self, path: str | Path | None, plan: Plan, shape: tuple[int, ...], overwrite: bool):
        self._network, self._record = plan.network, plan.layout.record
        self._rows = np.full((len(COLUMNS), plan.layout.total), np.nan)
        self._file = None if path is None else LoopFile(Path(path), plan, shape, overwrite)
        self._written = 0

    def note(self, number: int, row: Sequence[float], activity: Activity, inputs: np.ndarray) -> None:
        """One transition, and, if it is to be recorded, what the network did before it."""
        self._rows[:, number] = row
        if self._file is None:
            return
        if number % self._record.every == 0:
            unused = inputs[..., :0]
            self._file.write_trajectories(
                number, {name: recorded(name, self._network, activity, inputs, unused) for name in self._record.variables}
            )
        if number + 1 - self._written >= BLOCK:
            self._write(number + 1)

    def rewarded(self, number: int) -> float:
        """Share of the transitions up to that one that were right, of late."""
        return float(self._rows[-1, max(0, number + 1 - RECENT) : number + 1].mean())

    def conclude(self, settings: Mapping[str, Any], weights: np.ndarray, state: np.ndarray) -> None:
        """Write all that is left, and what the loop has become."""
        if self._file is not None:
            self._write(self._rows.shape[1])
            self._file.finish(settings, weights, state)

    def log(self) -> xarray.Dataset:
        """Everything, over ``trial``, from 1."""
        import xarray

        columns = {
            name: ("trial", self._rows[i].astype(bool if i > 1 else int), {"units": unit, "long_name": long_name})
            for i, (name, (unit, long_name)) in enumerate(COLUMNS.items())
        }
        return xarray.Dataset(columns, {"trial": np.arange(1, self._rows.shape[1] + 1)})

    def __enter__(self) -> Diary:
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, stop: int) -> None:
        assert self._file is not None
        rows = self._rows[:, self._written : stop]
        self._file.write(self._written, dict(zip(COLUMNS, rows, strict=True)))
        self._written = stop
