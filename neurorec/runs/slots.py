"""What resuming needs, twice, each with a checksum: the older is overwritten, so that one is always whole."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from neurorec.hdf5.checksums import NOT_WHOLE, crc
from neurorec.hdf5.states import NONE as NONE
from neurorec.hdf5.states import PARTS, SLOTS, State, parts, read_state, trial_of
from neurorec.runs.datasets import allocate, dimension, put


def build_slots(file: h5py.File, first: State) -> None:
    """Room for both; one holds the state before the first trial."""
    for slot in SLOTS:
        _build(file.create_group(slot), first)
    write_slot(file[SLOTS[0]], first)


def write_slot(group: h5py.Group, state: State) -> None:
    """Overwrite a state; it says that it is not whole until its checksum is written, the last of all."""
    values: dict[str, Any] = dict(zip(PARTS, (state[:2], *state[2:]), strict=True))
    arrays = {name: np.asarray(values[name], group[name].dtype) for name in parts(group)}
    put(group["checksum"], NOT_WHOLE)
    for name, array in arrays.items():
        put(group[name], array)
    put(group["checksum"], crc(arrays.values()))


def older_slot(file: h5py.File) -> str:
    """Where the next state goes: over the older, or the damaged one."""
    return min(SLOTS, key=lambda slot: trial_of(read_state(file[slot])))


def other_slot(slot: str) -> str:
    """Where the state after that one goes."""
    return SLOTS[1 - SLOTS.index(slot)]


def _build(group: h5py.Group, state: State) -> None:
    vector, slots, carried = state[2:]
    weight = dimension(group, "weight", vector.size)
    allocate(group, "vector", [weight], vector.dtype, "1", "plastic weights, flat")
    allocate(group, "slots", [dimension(group, "slot", len(slots)), weight], slots.dtype, "1", "state of the optimiser")
    allocate(
        group, "carried", [dimension(group, "state", carried.size)], carried.dtype, "1", "states of the units, carried to the next trials"
    )
    allocate(group, "numbers", [dimension(group, "number", 2)], np.int64, "1", "trials and updates done")
    allocate(group, "checksum", [], np.int64, "1", "CRC-32 of numbers, vector, slots and carried")[()] = NOT_WHOLE
