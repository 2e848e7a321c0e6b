"""Networks in a file: their `to_group` writes the arrays; here they get dimensions and units, and are overwritten in place."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from neurorec.hdf5.checksums import NOT_WHOLE
from neurorec.hdf5.describing import attach, describe, label
from neurorec.hdf5.values import fetch
from neurorec.hdf5.wholes import has_checksums, kept_checksum
from neurorec.networks.abstract_network import AbstractNetwork
from neurorec.networks.block import Block
from neurorec.networks.module_network import ModuleNetwork
from neurorec.networks.network import Network
from neurorec.runs.datasets import dimension, fill_with_nan, put
from neurorec.trust import Trusted

DIMENSIONS = {"input": "input_channel", "output": "output_channel"}  # a dataset of the name `input` lies in the same group
LONG_NAMES = {
    "recurrent": "recurrent weights",
    "input": "input weights",
    "readout": "readout weights",
    "feedback": "feedback weights",
    "bias": "bias of each drive",
    "initial": "state before the first step",
}
SYNAPSES = {"first": "number of the first synapse of each row of recurrent weights", "pre": "column of each synapse"}


def snapshot_path(trial: int) -> str:
    """Path of the network after so many trials."""
    return f"checkpoints/{trial:09d}"  # padded, so that names sort as numbers, also after extending


def network_from(group: h5py.Group, trust: Trusted = False) -> Any:
    """The network that a group holds, of a cell or of a torch module, or the rows of one rank."""
    kind = ModuleNetwork if "architecture" in group.attrs else Block if "first" in group.attrs else Network
    return kind.from_group(group, trust)


def is_kept(file: h5py.File, name: str) -> bool:
    """Whether a group holds a network that was written completely."""
    if has_checksums(file):
        return kept_checksum(file, name) != NOT_WHOLE
    return bool(np.isfinite(fetch(file, f"{name}/readout")).all())


def build_network(group: h5py.Group, network: AbstractNetwork) -> None:
    """Write a network, with room for others of its shape."""
    network.to_group(group)
    scales: dict[str, h5py.Dataset] = {}
    for name in network.stored():
        data = group[name]
        _attach_dimensions(group, data, scales)
        unit, long_name = "s" if name.startswith("parameters/tau") else "1", LONG_NAMES.get(name) or _long_name(*name.split("/"))
        describe(data, units=unit, long_name=long_name)


def build_snapshot(group: h5py.Group, network: AbstractNetwork, trial: int) -> None:
    """Make room for the network after so many trials, filled with NaN until the training reaches them."""
    build_network(group, network)
    if trial > 0:
        for name, array in network.stored().items():
            if array.dtype.kind == "f":  # which synapses there are stays as it is
                fill_with_nan(group[name])


def overwrite_network(group: h5py.Group, network: AbstractNetwork) -> None:
    """Overwrite a network, within `neurorec.runs.checksums.rewriting`: until that has written its checksum, it is not taken for whole."""
    for name, array in network.stored().items():
        put(group[name], array)


def _long_name(part: str, name: str) -> str:
    whose = {
        "pattern": SYNAPSES.get(name, ""),
        "parameters": f"parameter {name} of each unit",
        "free": f"{name}, of which recurrent weights are made",
    }
    return whose.get(part, f"{name} of the torch module")


def _attach_dimensions(group: h5py.Group, data: h5py.Dataset, scales: dict[str, h5py.Dataset]) -> None:
    """Name a dataset's dimensions; `scales` are those that the group has so far: looking one up takes as long as making it."""
    written = [str(axis.label) for axis in data.dims]
    names = [DIMENSIONS.get(name, name) for name in written]
    for name, size in zip(names, data.shape, strict=True):
        if name not in scales:
            scales[name] = dimension(group, name, size)
    label(data, names)
    attach(data, [scales[name] for name in names])
