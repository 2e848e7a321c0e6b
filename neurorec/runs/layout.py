"""Sizes and names from which the structure of a file follows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

from neurorec.arrays import positive, whole
from neurorec.errors import ValueRefused
from neurorec.hdf5 import values
from neurorec.runs.record import CHANNELS, Record


@dataclass(frozen=True, eq=False)
class Layout:
    """Sizes and names, as the attribute ``layout`` of a file holds them; the field names are part of the format.

    Attributes
    ----------
    total : int
        Trials (of a loop: transitions).
    steps : int
        Time steps T of a trial.
    dt : float
        Time step in seconds.
    batch : int
        Trials an update; snapshots lie on whole batches.
    n_inputs, n_outputs : int
        Channels I and O.
    columns : mapping of str to (unit, long name)
        What the log holds, one value a trial: ``{"loss": ("1", "training loss")}``.
    conditions : tuple of str
        Names of the trials' conditions.
    record : Record
        What goes to ``/trajectories``, and how many snapshots of the network.
    texts : mapping of str to int
        Which conditions are texts, not numbers, and how many bytes each text has: `neurorec.runs.datasets.text_widths`.

    Raises
    ------
    ValueRefused
        If a size is none.
    """

    total: int
    steps: int
    dt: float
    batch: int
    n_inputs: int
    n_outputs: int
    columns: Mapping[str, tuple[str, str]]
    conditions: tuple[str, ...]
    record: Record
    texts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the sizes, which may come from anybody's file."""
        for name in ("total", "steps", "batch", "n_inputs", "n_outputs"):
            whole(name, getattr(self, name), least=0)
        positive("dt", self.dt, "seconds")

    def as_json(self) -> str:
        """For the file."""
        return json.dumps(vars(self) | {"record": self.record.as_dict()})

    @classmethod
    def from_json(cls, text: str) -> Layout:
        """The layout that `as_json` described."""
        stored = json.loads(text)
        return cls(**{**stored, "record": Record.from_dict(stored["record"])})

    def check(self, states: Sequence[str], units: int) -> None:
        """Refuse to record what a network of these has not, and names that HDF5 cannot hold."""
        self.record.check(states, units, self.steps)
        for name in (*self.columns, *self.conditions):
            if name == "trial" or not name or "/" in name or name == ".":
                raise ValueRefused(f"a column of a run file cannot be called {name!r}; choose a name without '/' other than 'trial'")

    @property
    def times(self) -> np.ndarray:
        """Of the recorded steps, (T',), in seconds."""
        return self.record.times(self.steps, self.dt)

    @property
    def recorded(self) -> np.ndarray:
        """Numbers of the recorded trials, counted from 0."""
        return self.record.trials(0, self.total)

    def variables(self, group: str) -> tuple[str, ...]:
        """Variables of a group, without its coordinates and without what other programs have added."""
        return tuple({"log": self.columns, "trajectories": self.record.variables, "trials": self.conditions}[group])

    def last_dimension(self, variable: str, units: int) -> tuple[str, np.ndarray]:
        """Name and coordinates of the last dimension of a trajectory: the recorded units or channels, (C',)."""
        if variable == "input":
            return "input_channel", np.arange(self.n_inputs)
        if variable in CHANNELS:
            return "output_channel", np.arange(self.n_outputs)
        return "unit", np.arange(units) if self.record.units is None else np.array(self.record.units)

    def rows(self, numbers: np.ndarray) -> slice:
        """Rows of recorded trials: they are evenly spaced, so successive trials are successive rows."""
        record = self.record
        first = max(0, int(numbers[0])) if len(numbers) else 0
        expected = record.trials(first, min(self.total, first + len(numbers) * record.every))[: len(numbers)]
        if not np.array_equal(numbers, expected):
            raise ValueRefused(
                f"trials {numbers.tolist()[:5]} ... are not those to record, {expected.tolist()[:5]} ...; take them from Record.trials"
            )
        return slice(first // record.every, first // record.every + len(numbers))


def stored_layout(file: h5py.File) -> Layout:
    """The layout of a file, held against what the file has room for.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is none, or says more than the file holds.
    """
    layout = Layout.from_json(values.text(file, "layout"))
    record = layout.record
    _expect_rows(file["log/trial"], layout.total)
    _expect_rows(file["trajectories/trial"], -(-layout.total // record.every) if record.variables else 0)
    _expect_rows(file["trajectories/time"], 1 if record.reduce else layout.steps // record.steps)
    words: list[Any] = [word for pair in layout.columns.values() for word in pair]
    names = [*layout.columns, *layout.conditions, *record.variables, *words]
    if odd := [name for name in names if not (isinstance(name, str) and name.isprintable())]:
        raise ValueError(f"{odd[0]!r} is no name")
    return layout


def _expect_rows(scale: h5py.Dataset, rows: int) -> None:
    if values.whole(scale).shape != (rows,):
        raise ValueError(f"{scale.name} has {scale.shape} rows, the layout says {rows}")
