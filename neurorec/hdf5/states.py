"""What resuming a run needs, kept twice: read by who goes on, and by who wants the newest weights."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.hdf5.checksums import NOT_WHOLE, crc
from neurorec.hdf5.values import fetch

SLOTS = ("state/0", "state/1")
INITIAL = "checkpoints/000000000"  # the network before training
PARTS = ("numbers", "vector", "slots", "carried")  # which the checksum is of
TRIES, PAUSE = 5, 0.02  # a state is written within milliseconds, every second

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


def parts(group: h5py.Group) -> list[str]:
    """Runs of before states could be carried have no room for them."""
    return [name for name in PARTS if name in group]


def read_state(group: h5py.Group) -> State | None:
    """None where its parts do not belong together."""
    numbers, *arrays = (fetch(group, name) for name in parts(group))
    return State(int(numbers[0]), int(numbers[1]), *arrays) if kept(group) == crc((numbers, *arrays)) else None


def newest_state(file: h5py.File) -> State | None:
    """None where both are damaged."""
    return max((read_state(file[slot]) for slot in SLOTS), key=trial_of)


def state_to_go_on_from(path: object, file: h5py.File) -> State:
    """The newest that is whole.

    Raises
    ------
    RunFileError
        If both are damaged.
    """
    state = newest_state(file)
    if state is None:
        raise RunFileError(
            f"{path} holds no whole state and cannot be resumed; its log and checkpoints can still be read with xarray.open_datatree"
        )
    return state


def state_to_read(path: object, file: h5py.File) -> State:
    """The newest, for who wants its numbers: those before it are others.

    Raises
    ------
    RunFileError
        Also if one of them is damaged, which may have been the newest.
    """
    state = state_to_go_on_from(path, file)
    if "checksums" in file and (bad := damaged_slots(file)):  # older files do not tell damage from a kill
        raise RunFileError(
            f"{path} is damaged: /{bad[0]} does not match its checksum; nr.resume(path) goes on from the other state, after trial "
            f"{state.trials}, and mends it"
        )
    return state


def trial_of(state: State | None) -> int:
    """After how many trials; before all others where it is not whole."""
    return -1 if state is None else state.trials


def damaged_slots(file: h5py.File) -> list[str]:
    """Those that were wholly written once and are not now; a writer that is killed leaves one that says it is not whole."""
    return [slot for slot in SLOTS if not settled(lambda slot=slot: kept(file[slot]) == NOT_WHOLE or read_state(file[slot]) is not None)]


def settled(is_whole: Callable[[], bool]) -> bool:
    """Whether it is, looked at again where not: another process may just be writing it."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        if is_whole():
            return True
    return False


def kept(group: h5py.Group) -> int:
    """The checksum that a state should have."""
    return int(fetch(group, "checksum"))
