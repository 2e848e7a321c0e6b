"""Resume states in a file: two of them, each with a checksum. The older is overwritten, so that one is whole at any moment."""

from __future__ import annotations

from typing import Any, final

import h5py
import numpy as np

from neurorec.hdf5.checksums import NOT_WHOLE, crc
from neurorec.hdf5.states import PARTS, STATES, State, parts, read_state, trial_of
from neurorec.runs.datasets import allocate, dimension, put


@final
class StateWriter:
    """Writes resume states to an open file, always over the older of the two, or the damaged one.

    Parameters
    ----------
    file : h5py.File
        With the room that `build_states` made.
    """

    def __init__(self, file: h5py.File):
        self._file = file
        self._older: str | None = None  # looked up at the first state

    def write(self, state: State) -> None:
        """Overwrite the older one."""
        older = self._older or older_state(self._file)
        write_state(self._file[older], state)
        self._older = STATES[1 - STATES.index(older)]


def build_states(file: h5py.File, first: State) -> None:
    """Make room for both; one holds the state before the first trial."""
    for name in STATES:
        _build(file.create_group(name), first)
    write_state(file[STATES[0]], first)


def write_state(group: h5py.Group, state: State) -> None:
    """Overwrite a state; until its checksum is written, last of all, the group says that it is not whole."""
    values: dict[str, Any] = dict(zip(PARTS, (state[:2], *state[2:]), strict=True))
    arrays = {name: np.asarray(values[name], group[name].dtype) for name in parts(group)}
    put(group["checksum"], NOT_WHOLE)
    for name, array in arrays.items():
        put(group[name], array)
    put(group["checksum"], crc(arrays.values()))


def older_state(file: h5py.File) -> str:
    """Path of the older state, or of the damaged one."""
    return min(STATES, key=lambda name: trial_of(read_state(file[name])))


def _build(group: h5py.Group, state: State) -> None:
    vector, slots, carried = state[2:]
    weight = dimension(group, "weight", vector.size)
    allocate(group, "vector", [weight], vector.dtype, "1", "plastic weights, flat")
    allocate(group, "slots", [dimension(group, "slot", len(slots)), weight], slots.dtype, "1", "state of the optimiser")
    unit_state = dimension(group, "state", carried.size)
    allocate(group, "carried", [unit_state], carried.dtype, "1", "states of the units, carried to the next trials")
    allocate(group, "numbers", [dimension(group, "number", 2)], np.int64, "1", "trials and updates done")
    allocate(group, "checksum", [], np.int64, "1", "CRC-32 of numbers, vector, slots and carried")[()] = NOT_WHOLE
