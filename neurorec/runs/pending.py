"""Checksums of recorded trials that wait for the next state: before it nothing relies on them, and one by one they would cost a quarter of a short trial."""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

from neurorec.hdf5.checksums import of_trials
from neurorec.hdf5.wholes import CHECKSUMS
from neurorec.runs.checks import note_rows
from neurorec.runs.datasets import put


class Pending:
    """What was recorded since the last state; bounded by what a second records, eight bytes a trial and variable."""

    def __init__(self) -> None:
        self._trials: dict[str, list[tuple[slice, np.ndarray]]] = {}
        self._rows: list[slice] = []

    def trials(self, name: str, array: np.ndarray, rows: slice) -> None:
        """Some trials of a variable were written, (T', B, C')."""
        self._trials.setdefault(name, []).append((rows, of_trials(array)))

    def rows(self, rows: slice) -> None:
        """Conditions of some trials were written."""
        self._rows.append(rows)

    def write(self, file: h5py.File, conditions: Sequence[str]) -> None:
        """Put all of them into the file, if it has room for checksums."""
        if CHECKSUMS in file:
            for name, found in self._trials.items():
                self._write(file, name, found)
            for rows in _joined(self._rows):
                note_rows(file, "trials", conditions, rows)
        self._trials, self._rows = {}, []

    def _write(self, file: h5py.File, name: str, found: list[tuple[slice, np.ndarray]]) -> None:
        values, at = np.concatenate([each for _, each in found]), 0
        for rows in _joined([rows for rows, _ in found]):
            put(file[f"{CHECKSUMS}/trajectories/{name}"], values[at : at + rows.stop - rows.start], rows)
            at += rows.stop - rows.start


def _joined(rows: list[slice]) -> list[slice]:
    """Slices in a row become one."""
    joined: list[slice] = []
    for each in rows:
        start = joined.pop().start if joined and joined[-1].stop == each.start else each.start
        joined.append(slice(start, each.stop))
    return joined
