"""The file of one long simulation: its trajectories, written window by window."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

import h5py
import numpy as np

from neurorec.hdf5.opening import opened
from neurorec.hdf5.states import State
from neurorec.runs.checksums import build_step_checksums, note_steps
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import allocate, put
from neurorec.runs.failures import writes
from neurorec.runs.kinds import SIMULATION
from neurorec.runs.networks import build_network
from neurorec.runs.new_files import new_file
from neurorec.runs.open_file import OpenFile
from neurorec.runs.structure import build_root, build_trajectories

CHANGING = ("trajectories", "steps_done", "checksums")  # what a simulation overwrites
UNTRAINED = State(0, 0, np.empty(0, np.float32), np.empty((0, 0), np.float32))


@final
class SimulationFile:
    """Writes a simulation's trajectories; ``/network`` holds the network, ``/steps_done`` the number of time steps so far.

    Parameters
    ----------
    path : Path
    contents : Contents
        Of ``total`` trials of ``steps`` time steps; its state is `UNTRAINED`.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    RunFileError
        If the file exists, or has no room.
    UnknownName, ValueRefused
        If the record asks for what the network or the trials do not have.
    """

    def __init__(self, path: Path, contents: Contents, overwrite: bool):
        contents.check()
        file = new_file(path, contents.bytes, overwrite, lambda file: _build(file, contents), CHANGING)
        self._open, self.path, self._layout = OpenFile(file, path, contents.layout), path, contents.layout

    @writes
    def write(self, start: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Fill in a window of time.

        Parameters
        ----------
        start : int
            Its first step; a whole number of times the record's ``steps``.
        arrays : mapping of str to (T, B, C) array
            All steps of the window, all trials, all units or channels.
        """
        file, record, steps = self._open.file, self._layout.record, len(next(iter(arrays.values())))
        first, trials = start // record.steps, self._layout.recorded
        for name, array in arrays.items() if steps >= record.steps else ():  # steps after the last whole block are not kept
            kept = record.pick(name, array)[:, trials]
            put(file[f"trajectories/{name}"], kept, np.s_[first : first + len(kept), :, :])
            note_steps(file, name, kept, np.s_[first : first + len(kept)])
        put(file["steps_done"], start + steps)
        self._open.flush()
        self._open.expect_in_place()

    @writes
    def close(self) -> None:
        """Close the file."""
        self._open.close()

    def what_is_left(self) -> str:
        """How far the file is whole, and how to go on."""
        with opened(self.path, "r") as kept:
            return f"the first {kept['steps_done'][()]} time steps can be read; free some room, or mend the device, and simulate again"


def _build(file: h5py.File, contents: Contents) -> None:
    build_root(file, contents, SIMULATION)
    build_network(file.create_group("network"), contents.network)
    allocate(file, "steps_done", [], np.int64, "1", "time steps that were simulated")[()] = 0
    build_trajectories(file.create_group("trajectories"), contents.layout, contents.network.units)
    build_step_checksums(file, contents.layout)
