"""The structure of a file of many runs: that of one, with a first dimension over networks on everything that changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import h5py
import numpy as np

from neurorec.hdf5.seal import SEALED
from neurorec.hdf5.sliced import INSTEAD, NETWORK, OWN
from neurorec.hdf5.values import NUMBERS, TEXT, plain_attributes, text, whole
from neurorec.runs.checksums import rewriting
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import NOT_A_VARIABLE, WORD, allocate, allocate_texts, coordinate, dimension, encoded, put
from neurorec.runs.kinds import RUNS
from neurorec.runs.networks import snapshot_path
from neurorec.runs.new_files import in_memory
from neurorec.runs.of_many import TEXTS, each_of
from neurorec.runs.rebuild import OWN as NEW
from neurorec.runs.states import write_state
from neurorec.runs.structure import build

NUMBERED = "network, counted from 0"
LEFT = ("kind", *TEXTS, "noise")  # attributes that are the networks' own, or another one of the whole file


def build_all(file: h5py.File, contents: Sequence[Contents]) -> None:
    """Create and allocate everything that a file of many runs has, before the first trial."""
    with in_memory() as one:
        build(one, contents[0])
        stack(file, one, len(contents))
    _write_own(file, [_own(each) for each in contents])
    for run, each in zip(each_of(file), contents, strict=True):
        _begin(run, each)


def stack(file: h5py.File, one: h5py.File, networks: int) -> None:
    """Create what the file of one run has, for so many; numbers are those of the one, for all."""
    file.attrs.update({**_shared(one), "kind": RUNS})
    items = dict(_items(one))
    for name, item in items.items():
        if isinstance(item, h5py.Group):
            file.require_group(name).attrs.update(_shared(item))
        elif item.is_scale:
            _copy_scale(file, name, item)
    for name, item in items.items():
        if isinstance(item, h5py.Dataset) and not item.is_scale:
            _stack_dataset(file, name, item, networks)


def copy_all(file: h5py.File, old: h5py.File) -> None:
    """All numbers of a file of many runs into the first places of another one, which may be longer, and where they come from."""
    file.attrs.update({name: value for name, value in plain_attributes(old).items() if name not in NEW})
    for name, item in _items(old):
        if isinstance(item, h5py.Dataset) and not item.is_scale and name.partition("/")[0] != OWN:
            for k in range(len(whole(item, NUMBERS + TEXT))):
                values = item[k]
                file[name][(k, *map(slice, values.shape))] = values


def _items(file: h5py.File) -> Iterator[tuple[str, Any]]:
    names: list[str] = []
    file.visit(names.append)
    return ((name, file[name]) for name in names if name not in SEALED)


def _shared(item: Any) -> dict[str, Any]:
    return {name: value for name, value in plain_attributes(item).items() if name not in LEFT}


def _copy_scale(file: h5py.File, name: str, item: h5py.Dataset) -> None:
    where, _, last = name.rpartition("/")
    group = file.require_group(where) if where else file
    if text(item, "NAME").startswith(NOT_A_VARIABLE.partition("{")[0]):
        dimension(group, last, item.shape[0])
    else:
        coordinate(group, last, item[()], text(item, "units"), text(item, "long_name"))


def _stack_dataset(file: h5py.File, name: str, item: h5py.Dataset, networks: int) -> None:
    where, _, last = name.rpartition("/")
    group = file[where]
    scales = [file[axis[0].name] for axis in item.dims]
    network = _networks(scales[0].parent if scales else group, item.parent, networks)
    if item.dtype.kind in TEXT:
        allocate_texts(group, last, [network, *scales], item.dtype.itemsize, text(item, "long_name"))
    else:
        allocate(group, last, [network, *scales], item.dtype, text(item, "units"), text(item, "long_name"))
    data, values = group[last], item[()]
    data.attrs.update(_shared(item))
    if not _is_blank(values):
        data[...] = np.broadcast_to(values, data.shape)


def _networks(group: h5py.Group, of_one: h5py.Group, networks: int) -> h5py.Dataset:
    """The scale of the dimension over networks."""
    name = INSTEAD if isinstance(of_one.file.get(f"{group.name}/{NETWORK}"), h5py.Dataset) else NETWORK
    return coordinate(group, name, np.arange(networks), "1", NUMBERED)


def _is_blank(values: np.ndarray) -> bool:
    """As `allocate` fills it."""
    return bool(np.isnan(values).all() if values.dtype.kind == "f" else (values == np.zeros((), values.dtype)).all())


def _own(contents: Contents) -> dict[str, Any]:
    own = {"config": json.dumps(dict(contents.config)), "seed_entropy": str(contents.seed_entropy)}
    return own | ({"noise": float(contents.network.noise)} if "noise" in contents.network.attributes else {})


def _write_own(file: h5py.File, own: Sequence[dict[str, Any]]) -> None:
    group = file.require_group(OWN)
    network = coordinate(group, NETWORK, np.arange(len(own)), "1", NUMBERED)
    for name, what in TEXTS.items():
        width = WORD * (1 + max(len(each[name].encode()) for each in own) // WORD)
        allocate_texts(group, name, [network], width, what)
        put(group[name], np.concatenate([encoded([each[name]], width) for each in own]))
    if "noise" in own[0]:
        put(allocate(group, "noise", [network], np.float64, "1", "strength of the units' private noise"), [each["noise"] for each in own])


def _begin(run: Any, contents: Contents) -> None:
    """What a network has of its own before the first trial."""
    wholes = {"network": {"trained": np.array(0, np.int64)}, **({snapshot_path(0): {}} if 0 in contents.snapshots else {})}
    for name, more in wholes.items():
        arrays = {**contents.network.stored(), **more}
        with rewriting(run, name, arrays):
            for path, array in arrays.items():
                put(run[name][path], array)
    write_state(run["state/0"], contents.state)
    if contents.rates is not None:
        put(run["plasticity/rates"], contents.rates)
