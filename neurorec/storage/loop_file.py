"""The file of a sequence loop: the network, what the loop has learnt, and, of a learning, its log and trajectories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import h5py
import numpy as np

from neurorec.errors import RunFileError
from neurorec.storage.datasets import allocate, dimension, put
from neurorec.storage.files import LOOP, flush, opened, publish
from neurorec.storage.networks import build_network, network_from
from neurorec.storage.plan import Plan
from neurorec.storage.structure import build_log, build_root, build_trajectories
from neurorec.trust import Trusted


@final
class LoopFile:
    """Room for all that a learning leaves; one "trial" of its plan is a syllable, and what resuming needs is the loop's.

    Parameters
    ----------
    path : Path
    plan : Plan
    shape : (syllables, cells)
        Of the readout's weights.
    overwrite : bool

    Raises
    ------
    RunFileError
        If the file exists, or has no room.
    """

    def __init__(self, path: Path, plan: Plan, shape: tuple[int, ...], overwrite: bool):
        plan.check()
        publish(path, plan.bytes, overwrite, lambda file: _build(file, plan, shape))
        self.path, self._layout, self._file = path, plan.layout, opened(path, "r+")

    def write(self, first: int, columns: Mapping[str, np.ndarray]) -> None:
        """Fill rows of the log."""
        for name, values in columns.items():
            put(self._file[f"log/{name}"], values, np.s_[first : first + len(values)])

    def write_trajectories(self, number: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Those of one syllable that is to be recorded, (T, 1, C) each."""
        row = self._layout.rows(np.array([number]))
        for name, array in arrays.items():
            put(self._file[f"trajectories/{name}"], self._layout.record.pick(name, array), np.s_[:, row, :])

    def finish(self, settings: Mapping[str, Any], weights: np.ndarray, state: np.ndarray) -> None:
        """Store what the loop has become."""
        self._file.attrs["config"] = json.dumps(dict(settings))
        put(self._file["loop/weights"], weights)
        put(self._file["loop/state"], state.ravel())
        flush(self._file)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_loop(path: Path, trust: Trusted = False) -> tuple[Any, dict[str, Any], np.ndarray, np.ndarray]:
    """Network, settings, weights and state of the units, (C,); of classes of others, those that are trusted.

    Raises
    ------
    RunFileError
        If the file is missing or holds no loop.
    """
    with opened(path, "r") as file:
        if file.attrs.get("kind") != LOOP:
            raise RunFileError(f"{path} holds no sequence loop; expected a file written by SequenceLoop.save or .learn(path=)")
        return network_from(file["network"], trust), json.loads(file.attrs["config"]), file["loop/weights"][()], file["loop/state"][()]


def _build(file: h5py.File, plan: Plan, shape: tuple[int, ...]) -> None:
    build_root(file, plan, LOOP)
    build_network(file.create_group("network"), plan.network)
    group, scales = file.create_group("loop"), [("syllable", shape[0]), ("cell", shape[1]), ("state_number", plan.state.carried.size)]
    syllable, cell, number = (dimension(group, name, size) for name, size in scales)
    data = allocate(group, "weights", [syllable, cell], plan.state.vector.dtype, "1", "weights of the winner-take-all readout")
    put(data, plan.state.vector.reshape(shape))
    put(allocate(group, "state", [number], plan.state.carried.dtype, "1", "states of the units"), plan.state.carried)
    build_log(file.create_group("log"), plan.layout)
    build_trajectories(file.create_group("trajectories"), plan.layout, plan.network.units)
