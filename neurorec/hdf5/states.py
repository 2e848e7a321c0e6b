"""Resume states: what a training needs to go on, stored twice. Read to resume, and to get the newest weights."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.hdf5.checksums import NOT_WHOLE, crc
from neurorec.hdf5.values import fetch

STATES = ("state/0", "state/1")
INITIAL = "checkpoints/000000000"  # the network before training
PARTS = ("numbers", "vector", "slots", "carried")  # whose checksum is stored with them
TRIES, PAUSE = 5, 0.02  # attempts, and seconds between them: a state is written within milliseconds, every second
NONE = np.empty(0, np.float32)  # no states of units are carried over


class State(NamedTuple):
    """What a training, or the learning of a loop, goes on from.

    Attributes
    ----------
    trials, updates : int
        Done so far.
    vector : (P,) array
        The plastic weights, flat.
    slots : (S, P) array
        Optimiser state.
    carried : (C,) array
        States of the units in which the next trials start; empty where they start in the network's initial state.
    """

    trials: int
    updates: int
    vector: np.ndarray
    slots: np.ndarray
    carried: np.ndarray = NONE


def parts(group: h5py.Group) -> list[str]:
    """Names of the parts that the file has; runs of before `carried` existed lack it."""
    return [name for name in PARTS if name in group]


def read_state(group: h5py.Group) -> State | None:
    """A state; None if it does not match its checksum."""
    numbers, *arrays = (fetch(group, name) for name in parts(group))
    return State(int(numbers[0]), int(numbers[1]), *arrays) if kept(group) == crc((numbers, *arrays)) else None


def newest_state(file: h5py.File) -> State | None:
    """The newer of those that are whole; None if neither is."""
    return max((read_state(file[name]) for name in STATES), key=trial_of)


def state_to_go_on_from(path: object, file: h5py.File) -> State:
    """The newest state that is whole.

    Raises
    ------
    RunFileError
        If both are damaged.
    """
    state = newest_state(file)
    if state is None:
        raise RunFileError(f"{path} holds no whole state and cannot be resumed; its log can still be read with xarray.open_datatree")
    return state


def state_to_read(path: object, file: h5py.File, resume: str = "nr.resume(path)", unit: str = "trial") -> State:
    """The newest state, to read its numbers: unlike a training that goes on, a reader must not get those of an older one unawares.

    Parameters
    ----------
    path : object
        For the error, as the next two.
    file : h5py.File
    resume : str
        The call that goes on from a damaged file.
    unit : str
        What is counted: trials or transitions.

    Raises
    ------
    RunFileError
        If one of the two is damaged, since it may have been the newest.
    """
    state = state_to_go_on_from(path, file)
    if "checksums" in file and (bad := damaged_states(file)):  # older files do not tell damage from a kill
        raise RunFileError(
            f"{path} is damaged: /{bad[0]} does not match its checksum; {resume} goes on from the other state, after {unit} {state.trials}, "
            "and mends it"
        )
    return state


def trial_of(state: State | None) -> int:
    """Number of trials done; -1 of a state that is not whole."""
    return -1 if state is None else state.trials


def damaged_states(file: h5py.File) -> list[str]:
    """Paths of the states that were complete once and no longer match; a state that a kill cut off says itself that it is not whole."""
    return [name for name in STATES if not settled(lambda name=name: kept(file[name]) == NOT_WHOLE or read_state(file[name]) is not None)]


def settled(is_whole: Callable[[], bool]) -> bool:
    """Whether it is whole; tried again if not, since another process may be writing it just now."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        if is_whole():
            return True
    return False


def kept(group: h5py.Group) -> int:
    """The checksum stored with a state."""
    return int(fetch(group, "checksum"))
