"""A run over ranks as it is read: a file a rank, and one beside them that shows all of them as one run.

Each rank writes the file of its own rows, as any training writes its file. The one beside them holds virtual datasets, so that xarray and others
see one run, too. What resuming needs is not in it: a state is that of all ranks after the same trial, and is put together from their files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.hdf5.damage import reading
from neurorec.hdf5.opening import opened
from neurorec.hdf5.parts import part_path
from neurorec.hdf5.states import INITIAL, STATES, State, read_state
from neurorec.hdf5.values import number
from neurorec.networks.block import BY_UNIT
from neurorec.networks.checks import WEIGHTS
from neurorec.runs.open_file import AbstractReadFile


class Lot(NamedTuple):
    """Some numbers in the vector of one rank: how many, and how many rows there are for each of its units; 0 where all ranks have the same."""

    size: int
    each: int


@final
class RanksFile(AbstractReadFile):
    """The file that shows a run over ranks, opened anew whenever something is read; its parts are looked through first.

    Parameters
    ----------
    path : Path
    """

    index = None

    def __init__(self, path: Path):
        self.path: Path = path

    @property
    def parts(self) -> list[Path]:
        """Files of the ranks."""
        ranks = ranks_of(self.path)
        return [part_path(self.path, rank, ranks) for rank in range(ranks)]

    @property
    def file(self) -> h5py.File:
        """Open for reading; a part that is missing or damaged is said, where HDF5 would show its numbers as missing."""
        for part in self.parts:
            opened(part, "r", f"a file of {self.path}").close()
        return opened(self.path, "r")

    @property
    def state(self) -> State:
        """Of the last trial after which all ranks have a state."""
        each, parts = [], self.parts
        for part in parts:
            with opened(part, "r", f"a file of {self.path}") as file, reading(part, "its state"):
                each.append(whole_states(file))
                lots, units = lots_of(file)
        after = common(self.path, each)
        found = [states[after] for states in each]
        vectors, slots, carried = ([state[k] for state in found] for k in (2, 3, 4))
        rows = carried[0].shape[-1] // units
        return State(after, found[0].updates, _joined(lots, vectors), _joined(lots, slots), _joined([Lot(rows * units, rows)], carried))

    def state_in(self, file: h5py.File) -> State:
        """It is in the parts."""
        del file
        return self.state


def ranks_of(path: Path) -> int:
    """How many ranks a run was trained over."""
    with opened(path, "r") as file, reading(path, "what the file says of itself"):
        return int(number(file, "ranks"))


def whole_states(file: h5py.File) -> dict[int, State]:
    """The resume states of one rank that are whole, by the number of trials done."""
    found = [read_state(file[name]) for name in STATES]
    return {state.trials: state for state in found if state is not None}


def common(path: Path, each: Sequence[Mapping[int, Any] | Sequence[int]]) -> int:
    """After how many trials all ranks have a state; of several the last.

    Raises
    ------
    RunFileError
        If there is none.
    """
    shared = set.intersection(*(set(states) for states in each))
    if not shared:
        raise RunFileError(
            f"{path} cannot be gone on with: there is no trial after which all ranks have a whole state; restore its files from a copy"
        )
    return max(shared)


def lots_of(file: h5py.File) -> tuple[list[Lot], int]:
    """What a rank's vector is made of, in its order, and how many units the rank has."""
    initial = file[INITIAL]
    parameters = initial.get("parameters", ())
    units = int(number(initial, "units"))
    shapes = {name: initial[name].shape for name in WEIGHTS}
    lots = [Lot(int(np.prod(shape)), shape[0] // units if name in BY_UNIT else 0) for name, shape in shapes.items()]
    return [*lots, Lot(len(parameters) * units, len(parameters))], units


def _joined(lots: Sequence[Lot], vectors: Sequence[np.ndarray]) -> np.ndarray:
    """The vector (.., P) of the whole network from those of its ranks."""
    lead, at, parts = vectors[0].shape[:-1], 0, []
    for lot in lots:
        own = [vector[..., at : at + lot.size] for vector in vectors]
        at += lot.size
        if lot.each:
            apart = [part.reshape(*lead, lot.each, lot.size // lot.each) for part in own]
            parts.append(np.concatenate(apart, axis=-1).reshape(*lead, lot.size * len(own)))
        elif lot.size:
            parts.append(own[0])
    return np.concatenate(parts, axis=-1) if parts else vectors[0]
