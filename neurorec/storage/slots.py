"""What resuming needs, twice, each with a checksum: the older is overwritten, so that one is always whole."""

from __future__ import annotations

import zlib

import h5py
import numpy as np

from neurorec.storage.datasets import allocate, dimension, put

SLOTS = ("state/0", "state/1")
PARTS = ("numbers", "vector", "slots")  # which the checksum is of

State = tuple[int, int, np.ndarray, np.ndarray]  # trials done, updates done, weights (P,), the optimiser's slots (S, P)


def build_slots(file: h5py.File, vector: np.ndarray, slots: np.ndarray) -> None:
    """Room for both; the first holds the state before the first trial."""
    for slot in SLOTS:
        _build(file.create_group(slot), vector, slots)
    write_slot(file[SLOTS[0]], 0, 0, vector, slots)


def write_slot(group: h5py.Group, trial: int, updates: int, vector: np.ndarray, slots: np.ndarray) -> None:
    """Overwrite a state; until the checksum is written, the last of all, it is not whole."""
    arrays = [np.asarray(values, group[name].dtype) for name, values in zip(PARTS, ([trial, updates], vector, slots), strict=True)]
    for name, array in zip(PARTS, arrays, strict=True):
        put(group[name], array)
    put(group["checksum"], _crc(*arrays))


def newest_state(file: h5py.File) -> State | None:
    """None where both are damaged."""
    return max((_read(file[slot]) for slot in SLOTS), key=_trial_of)


def older_slot(file: h5py.File) -> str:
    """Where the next state goes: over the older, or the damaged one."""
    return min(SLOTS, key=lambda slot: _trial_of(_read(file[slot])))


def other_slot(slot: str) -> str:
    """Where the state after that one goes."""
    return SLOTS[1 - SLOTS.index(slot)]


def _build(group: h5py.Group, vector: np.ndarray, slots: np.ndarray) -> None:
    weight = dimension(group, "weight", vector.size)
    allocate(group, "vector", [weight], vector.dtype, "1", "plastic weights, flat")
    allocate(group, "slots", [dimension(group, "slot", len(slots)), weight], slots.dtype, "1", "state of the optimiser")
    allocate(group, "numbers", [dimension(group, "number", 2)], np.int64, "1", "trials and updates done")
    allocate(group, "checksum", [], np.int64, "1", "CRC-32 of numbers, vector and slots")[()] = -1  # no CRC is negative: not whole


def _read(group: h5py.Group) -> State | None:
    """None where its parts do not belong together."""
    numbers, vector, slots = (group[name][()] for name in PARTS)
    return (int(numbers[0]), int(numbers[1]), vector, slots) if int(group["checksum"][()]) == _crc(numbers, vector, slots) else None


def _trial_of(state: State | None) -> int:
    return -1 if state is None else state[0]


def _crc(*arrays: np.ndarray) -> int:
    crc = 0
    for array in arrays:
        crc = zlib.crc32(array.tobytes(), crc)
    return crc
