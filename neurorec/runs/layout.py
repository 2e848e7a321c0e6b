"""What the structure of a run file follows from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from neurorec.errors import ShapeError, ValueRefused, one_line
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.runs.record import CHANNELS, Record
from neurorec.runs.slots import State


@dataclass(frozen=True, eq=False)
class Layout:
    """Sizes and names, as the attribute ``layout`` of the file keeps them."""

    total: int
    steps: int
    dt: float
    batch: int
    n_inputs: int
    n_outputs: int
    columns: Mapping[str, tuple[str, str]]
    conditions: tuple[str, ...]
    record: Record
    texts: Mapping[str, int] = field(default_factory=dict)  # which conditions are words, and their room in bytes

    def as_json(self) -> str:
        """For the file."""
        return json.dumps(vars(self) | {"record": self.record.as_dict()})

    @classmethod
    def from_json(cls, text: str) -> Layout:
        """The layout that `as_json` described."""
        kept = json.loads(text)
        return cls(**{**kept, "record": Record.from_dict(kept["record"])})

    def check(self, network: AbstractNetwork) -> None:
        """Refuse a record of what there is not, and names that HDF5 cannot hold."""
        self.record.check(network.formula.states, network.units, self.steps)
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
        """The planned variables of a group: without its coordinates, and without what others have put there."""
        return tuple({"log": self.columns, "trajectories": self.record.variables, "trials": self.conditions}[group])

    def last_dimension(self, variable: str, units: int) -> tuple[str, np.ndarray]:
        """Name and coordinates of the last dimension of a trajectory: the recorded units or channels, (C',)."""
        if variable == "input":
            return "input_channel", np.arange(self.n_inputs)
        if variable in CHANNELS:
            return "output_channel", np.arange(self.n_outputs)
        return "unit", np.arange(units) if self.record.units is None else np.array(self.record.units)

    def rows(self, numbers: np.ndarray) -> slice:
        """Where recorded trials lie: they are evenly spaced, so trials in a row are rows in a row."""
        record = self.record
        first = max(0, int(numbers[0])) if len(numbers) else 0
        expected = record.trials(first, min(self.total, first + len(numbers) * record.every))[: len(numbers)]
        if not np.array_equal(numbers, expected):
            raise ValueRefused(
                f"trials {numbers.tolist()[:5]} ... are not those to record, {expected.tolist()[:5]} ...; take them from Record.trials"
            )
        return slice(first // record.every, first // record.every + len(numbers))


@dataclass(frozen=True, eq=False)
class Plan:
    """A layout, and what is in the file from the start."""

    layout: Layout
    network: AbstractNetwork
    config: Mapping[str, Any]
    state: State
    seed_entropy: int
    snapshots: tuple[int, ...]
    rates: np.ndarray | None = None

    def check(self) -> None:
        """Refuse what cannot be stored, before there is a file."""
        self.layout.check(self.network)
        try:
            json.dumps(dict(self.config))
        except (TypeError, ValueError) as error:
            raise ValueRefused(f"config must be JSON-able ({one_line(error)}); turn arrays into lists") from error
        vector, slots = self.state.vector, self.state.slots
        if vector.ndim != 1 or slots.shape[1:] != vector.shape:
            raise ShapeError(f"vector must have shape (P,) and slots (S, P), got {vector.shape} and {slots.shape}")

    def extended(self, total: int) -> Plan:
        """With room for more trials; the snapshots that were planned stay."""
        old = self.layout
        later = tuple(n for n in old.record.snapshots(total, old.batch) if n > old.total)
        return replace(self, layout=replace(old, total=total), snapshots=(*self.snapshots, *later))

    @property
    def bytes(self) -> int:
        """Room that the file takes at most."""
        layout, units = self.layout, self.network.units
        channels = sum(layout.last_dimension(name, units)[1].size for name in layout.record.variables)
        trajectories = 4 * len(layout.times) * layout.record.count(layout.total) * channels
        networks = (1 + len(self.snapshots)) * sum(array.nbytes for array in self.network.stored().values())
        columns = len(layout.columns) + len(layout.conditions) + len(layout.record.variables)
        rows = 8 * layout.total * (5 + columns) + layout.record.count(layout.total) * sum(layout.texts.values())
        state = 2 * sum(array.nbytes for array in self.state[2:]) + 2 * len(json.dumps(dict(self.config)))
        structure = 2**15 * (4 + len(self.snapshots)) + 2**13 * columns
        rates = 0 if self.rates is None else self.rates.nbytes
        return trajectories + networks + rows + state + rates + structure
