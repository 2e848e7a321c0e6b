"""What resuming needs, twice, each with a checksum: the older is overwritten, so that one is always whole."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurorec.storage.datasets import allocate, dimension, put

SLOTS = ("state/0", "state/1")
PARTS = ("numbers", "vector", "slots", "carried")  # which the checksum is of

NONE = np.empty(0, np.float32)  # no states


class State(NamedTuple):
    """What a training goes on from.

    Attributes
    ----------
    trials, updates : int
        Done so far.
    vector : (P,) array
        The weights.
    slots : (S, P) array
        What the optimiser remembers.
    carried : (C,) array
        The units' states in which the next trials start; empty where they start in the network's own.
    """

    trials: int
    updates: int
    vector: np.ndarray
    slots: np.ndarray
    carried: np.ndarray = NONE


def build_slots(file: h5py.File, first: State) -> None:
    """Room for both; one holds the state before the first trial."""
    for slot in SLOTS:
        _build(file.create_group(slot), first)
    write_slot(file[SLOTS[0]], first)


def write_slot(group: h5py.Group, state: State) -> None:
    """Overwrite a state; until the checksum is written, the last of all, it is not whole."""
    values: dict[str, Any] = dict(zip(PARTS, (state[:2], *state[2:]), strict=True))
    arrays = {name: np.asarray(values[name], group[name].dtype) for name in _parts(group)}
    for name, array in arrays.items():
        put(group[name], array)
    put(group["checksum"], _crc(*arrays.values()))


def newest_state(file: h5py.File) -> State | None:
    """None where both are damaged."""
    return max((_read(file[slot]) for slot in SLOTS), key=_trial_of)


def older_slot(file: h5py.File) -> str:
    """Where the next state goes: over the older, or the damaged one."""
    return min(SLOTS, key=lambda slot: _trial_of(_read(file[slot])))


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
    allocate(group, "checksum", [], np.int64, "1", "CRC-32 of numbers, vector, slots and carried")[()] = -1  # no CRC is negative: not whole


def _read(group: h5py.Group) -> State | None:
    """None where its parts do not belong together."""
    numbers, *arrays = (group[name][()] for name in _parts(group))
    return State(int(numbers[0]), int(numbers[1]), *arrays) if int(group["checksum"][()]) == _crc(numbers, *arrays) else None


def _parts(group: h5py.Group) -> list[str]:
    """Runs of before states could be carried have no room for them."""
    return [name for name in PARTS if name in group]


def _trial_of(state: State | None) -> int:
    return -1 if state is None else state.trials


def _crc(*arrays: np.ndarray) -> int:
    crc = 0
    for array in arrays:
        crc = zlib.crc32(array.tobytes(), crc)
    return crc
