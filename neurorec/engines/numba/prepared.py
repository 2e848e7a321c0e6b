"""What the compiled loops take of a network, found once: a call must not cost more than a short trial."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from neurorec.arrays import aligned
from neurorec.engines.numba.compile import loops, unit_table
from neurorec.engines.numba.layout import constants, plastic_rows, ports
from neurorec.engines.numba.recurrent import recurrence_of
from neurorec.engines.numba.workspace import Workspace
from neurorec.formula.unit import for_numpy
from neurorec.learning.feedbacks.base import AbstractFeedback
from neurorec.networks.network import Network
from neurorec.networks.weights import Weights


class Last(threading.local):
    """What each thread found of the networks of its last calls, the last and the one before: arrays that loops fill are a thread's own."""

    prepared: Prepared | None = None
    before: Prepared | None = None


class Prepared:
    """A network's kernels and sizes, and its weights as the products take them.

    Parameters
    ----------
    network : Network
    dtype : type
        Of the arithmetic.

    Attributes
    ----------
    wiring, plastic_rows : Ports, array
        As `neurorec.engines.numba.layout` has them.
    recurrence : Recurrence
        How its recurrent weights lie.
    parts : list of (slice, int, int)
        Of each drive its rows of the weights, and its ports.
    """

    def __init__(self, network: Network, dtype: Any):
        self.network, self.formula, self.dtype, self.room = network, network.formula, np.dtype(dtype), Workspace(dtype)
        self.recurrence = recurrence_of(network)
        self.wiring, self.plastic_rows = ports(network), plastic_rows(network)
        self.drives, self.outputs = self.formula.n_drives, len(self.formula.emitted)
        self.states, self.ports, self.shows_state = len(self.formula.states), len(self.formula.ports), self.formula.shows_state
        ports_of_drives = zip(*(each.tolist() for each in self.wiring), strict=True)
        self.parts = [(slice(d * network.units, (d + 1) * network.units), *each) for d, each in enumerate(ports_of_drives)]
        self._constants_of, self._constants = None, np.empty((0, 0), dtype)
        self._standing_of, self._standing = None, ()
        self._path_of, self._path = None, np.empty((0, 0), dtype)

    @cached_property
    def kernels(self) -> ModuleType:
        """The compiled loops."""
        return loops(self.dtype.name, self.recurrence.kind).kernels

    @cached_property
    def onward(self) -> np.ndarray:
        """Addresses of what `forward` calls of the model."""
        return unit_table(self.formula, self.dtype.name, ("step", "output"))

    @cached_property
    def backward(self) -> np.ndarray:
        """Addresses of what `reverse_scan` calls."""
        return unit_table(self.formula, self.dtype.name, ("pull", "pull_output"))

    def constants(self, weights: Weights) -> np.ndarray:
        """As `neurorec.engines.numba.layout.constants`, computed again when a parameter has moved; those that learn are followed as in a chunk."""
        learn = bool(self.formula.plastic) and not weights.fixed
        found_of = learn, weights.parameters.tobytes()
        if found_of != self._constants_of:
            self._constants_of, self._constants = found_of, self._followed(weights) if learn else constants(self.network, weights)
        return self._constants

    def following(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What `follow_from` takes: addresses in float64, settings with dt in the last row, and room."""
        settings = np.full((len(self.formula.parameters) + 1, 1, self.network.units), self.network.dt)
        wide = np.empty((for_numpy(self.formula).N_CONSTANTS, self.network.units))
        return unit_table(self.formula, "float64", ("prepare",) if self.formula.plastic else ()), settings, wide

    def _followed(self, weights: Weights) -> np.ndarray:
        table, settings, wide = self.following()
        found = np.empty(wide.shape, self.dtype)
        loops(self.dtype.name).plastic.constants_of(table, weights.parameters, settings, wide, found)
        return found

    def activity(self, steps: int, trials: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Room for states, drives and what other units see, shaped as `Activity` has them."""
        units = self.network.units
        states = self.room.array("states", (steps + 1, self.states, trials, units))
        drives = self.room.array("drives", (steps, self.ports, trials, units))
        return states, drives, states if self.shows_state else self.room.array("emitted", (steps + 1, self.outputs, trials, units))

    def back(self, steps: int, trials: int) -> np.ndarray:
        """Room for the few steps whose part of a change is gathered at once."""
        return self.room.array("back", (self.ports, min(self.kernels.together(trials), steps), trials, self.network.units))

    def standing(self, weights: Weights) -> tuple[np.ndarray, ...]:
        """What `forward` takes of the model and the weights; of those that are `fixed` found once."""
        if weights is self._standing_of:
            return self._standing
        network, units = self.network, self.network.units
        found = (
            self.onward, self.constants(weights), self.recurrence.onward(self, weights),
            self.packed("input transposed", weights, weights.input, units, network.inputs),
            self.packed("readout transposed", weights, weights.readout, network.outputs, units), weights.bias, weights.readout, *self.wiring,
        )  # fmt: skip
        if weights.fixed:
            self._standing_of, self._standing = weights, found
        return found

    def path(self, weights: Weights, feedback: AbstractFeedback) -> np.ndarray:
        """The weights by which the error reaches the units, packed; of weights that are `fixed` found once."""
        if (weights, feedback) == self._path_of:
            return self._path
        matrix = np.ascontiguousarray(feedback.element(weights.readout.T, weights.feedback))
        found = self.packed("feedback", weights, matrix, self.network.units, self.network.outputs)
        if weights.fixed:
            self._path_of, self._path = (weights, feedback), found
        return found

    def packed(
        self, name: str, weights: Weights, w: np.ndarray, rows: int, columns: int, laid: Callable[..., tuple[int, int, int]] | None = None
    ) -> np.ndarray:
        """Every block (rows, columns) of w, some of the weights or made of them, transposed and packed, as `laid` says or as most are."""
        blocks = w.shape[0] // rows * (w.shape[1] // columns if columns else 1)
        shape = blocks, *(laid or self.kernels.packed_shape)(columns, rows, self.dtype)
        packed = aligned(shape, self.dtype) if weights.fixed else self.room.array(name, shape)  # room is filled by others
        self.kernels.pack_blocks(w, rows, columns, packed)
        return packed

    def room_for_packed(
        self, name: str, blocks: int, rows: int, columns: int, laid: Callable[..., tuple[int, int, int]] | None = None
    ) -> np.ndarray:
        """Where so many blocks (rows, columns) are packed."""
        return self.room.array(name, (blocks, *(laid or self.kernels.packed_shape)(columns, rows, self.dtype)))
