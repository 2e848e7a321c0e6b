"""The file of one long simulation: its trajectories, written window by window."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import h5py
import numpy as np

from neurorec.hdf5.opening import opened
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.runs.checks import build_step_checksums, note_steps
from neurorec.runs.datasets import allocate, put
from neurorec.runs.failures import expect_in_place, writes
from neurorec.runs.files import SIMULATION, new_file
from neurorec.runs.layout import Layout, Plan
from neurorec.runs.networks import build_network
from neurorec.runs.slots import State
from neurorec.runs.structure import build_root, build_trajectories

WRITTEN = ("trajectories", "steps_done", "checksums")  # while it is simulated
NOTHING = State(0, 0, np.empty(0, np.float32), np.empty((0, 0), np.float32))  # is learnt


@final
class RecordingFile:
    """Room for a simulation's trajectories; ``/network`` holds the network, ``/steps_done`` how far it is.

    Parameters
    ----------
    path : Path
    network : Network
    config : mapping
        How it was made, JSON-able.
    layout : Layout
        Of ``total`` trials of ``steps`` time steps.
    seed : int
        Root of the seed tree.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    RunFileError
        If the file exists, or has no room.
    UnknownName, ValueRefused
        If the record asks for what the network or the trials do not have.
    """

    def __init__(self, path: Path, network: AbstractNetwork, config: Mapping[str, Any], layout: Layout, seed: int, overwrite: bool):
        plan = Plan(layout, network, config, NOTHING, seed, ())
        plan.check()
        self._file = new_file(path, plan.bytes, overwrite, lambda file: _build(file, plan), WRITTEN)
        self.path, self.record, self._layout = path, layout.record, layout

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
        first, trials, steps = start // self.record.steps, self._layout.recorded, len(next(iter(arrays.values())))
        for name, array in arrays.items() if steps >= self.record.steps else ():  # what is left after the last block is not kept
            kept = self.record.pick(name, array)[:, trials]
            put(self._file[f"trajectories/{name}"], kept, np.s_[first : first + len(kept), :, :])
            note_steps(self._file, name, kept, np.s_[first : first + len(kept)])
        put(self._file["steps_done"], start + steps)
        self._file.flush()
        expect_in_place(self._file, self.path)

    @writes
    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def what_is_left(self) -> str:
        """How far the file is whole, and how to go on."""
        with opened(self.path, "r") as kept:
            return f"the first {kept['steps_done'][()]} time steps can be read; free some room, or mend the device, and simulate again"


def _build(file: h5py.File, plan: Plan) -> None:
    build_root(file, plan, SIMULATION)
    build_network(file.create_group("network"), plan.network)
    allocate(file, "steps_done", [], np.int64, "1", "time steps that were simulated")[()] = 0
    build_trajectories(file.create_group("trajectories"), plan.layout, plan.network.units)
    build_step_checksums(file, plan.layout)
