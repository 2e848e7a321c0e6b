"""What a new file holds before the first trial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurorec.errors import ShapeError, ValueRefused, one_line
from neurorec.hdf5.states import State
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.runs.layout import Layout


@dataclass(frozen=True, eq=False)
class Contents:
    """A layout, and what is in the file from the start.

    Attributes
    ----------
    layout : Layout
    network : Network or ModuleNetwork
        Untrained; becomes ``/network`` and, of a run, snapshot 0.
    config : mapping
        How the run was made, JSON-able.
    state : State
        The first resume state.
    seed_entropy : int
        Root of the seed tree.
    snapshots : tuple of int
        After how many trials the network is kept: `Record.snapshots`.
    rates : (P,) array, optional
        Learning rate of every weight, where synapses have rates of their own.
    """

    layout: Layout
    network: AbstractNetwork
    config: Mapping[str, Any]
    state: State
    seed_entropy: int
    snapshots: tuple[int, ...] = ()
    rates: np.ndarray | None = None

    def check(self) -> None:
        """Refuse what cannot be stored, before there is a file."""
        self.layout.check(self.network.formula.states, self.network.units)
        try:
            json.dumps(dict(self.config))
        except (TypeError, ValueError) as error:
            raise ValueRefused(f"config must be JSON-able ({one_line(error)}); turn arrays into lists") from error
        vector, slots = self.state.vector, self.state.slots
        if vector.ndim != 1 or slots.shape[1:] != vector.shape:
            raise ShapeError(f"vector must have shape (P,) and slots (S, P), got {vector.shape} and {slots.shape}")

    def extended(self, total: int) -> Contents:
        """With room for more trials; the snapshots so far stay where they are."""
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
