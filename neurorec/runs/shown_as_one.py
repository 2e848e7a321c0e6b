"""The file that shows the files of all ranks as one run, by virtual datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurorec.hdf5.describing import attach, describe, label
from neurorec.hdf5.opening import opened
from neurorec.hdf5.parts import Piece, described, part_path, show
from neurorec.networks.block import BY_UNIT
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import coordinate, dimension
from neurorec.runs.kinds import RANKS
from neurorec.runs.layout import Layout
from neurorec.runs.networks import DIMENSIONS
from neurorec.runs.new_files import publish
from neurorec.runs.record import CHANNELS
from neurorec.runs.structure import TRIAL, build_root

ROOM = 2**20  # bytes that such a file takes, about: it holds names and places


class Whole(NamedTuple):
    """A run over ranks, and the file that shows it."""

    path: Path
    ranks: int
    units: int  # of each rank

    @property
    def names(self) -> list[str]:
        """Of the parts."""
        return [part_path(self.path, rank, self.ranks).name for rank in range(self.ranks)]

    def shape(self, shape: Sequence[int], axis: int | None) -> tuple[int, ...]:
        """Of a dataset of all ranks, divided along an axis."""
        return tuple(n * self.ranks if k == axis else n for k, n in enumerate(shape))

    def pieces(self, shape: Sequence[int], axis: int | None) -> list[Piece]:
        """Where a dataset that is divided along an axis, units within drives or states, lies; None: every rank has all of it."""
        everything = tuple(slice(None) for _ in shape)
        if axis is None:
            return [Piece(0, everything, everything)]
        found = []
        for rank in range(self.ranks):
            for block in range(shape[axis] // self.units):
                there, to = block * self.units, (block * self.ranks + rank) * self.units
                places = (_at(everything, axis, first, first + self.units) for first in (there, to))
                found.append(Piece(rank, *places))
        return found


def publish_whole(whole: Whole, contents: Contents, layout: Layout, overwrite: bool) -> None:
    """Write it, once the parts are there.

    Parameters
    ----------
    whole : Whole
    contents : Contents
        Of the first rank's file.
    layout : Layout
        Of the run, whose record names units of the whole network.
    overwrite : bool
    """
    with opened(part_path(whole.path, 0, whole.ranks), "r") as first:
        publish(whole.path, ROOM, overwrite, lambda file: _fill(file, first, whole, replace(contents, layout=layout)), ())


def _fill(file: h5py.File, first: h5py.File, whole: Whole, contents: Contents) -> None:
    build_root(file, contents, RANKS)
    file.attrs["ranks"] = whole.ranks
    for name in ("network", *(f"checkpoints/{each}" for each in first["checkpoints"])):
        _show_network(file.create_group(name), first[name], whole)
    _show_rows(file.create_group("log"), first["log"], whole, contents.layout.variables("log"))
    _show_rows(file.create_group("trials"), first["trials"], whole, contents.layout.variables("trials"))
    _show_trajectories(file.create_group("trajectories"), first["trajectories"], whole, contents.layout)


def _show_network(group: h5py.Group, first: h5py.Group, whole: Whole) -> None:
    group.attrs.update({name: value for name, value in first.attrs.items() if name not in ("first", "units", "of")})
    parameters = [f"parameters/{name}" for name in first.get("parameters", ())]
    for name in [*(name for name in first if not _is_beside(first[name])), *parameters]:
        source, axis = first[name], 0 if name in (*BY_UNIT, "initial", *parameters) else None
        shape = whole.shape(source.shape, axis)
        data = show(group, name, source, shape, whole.names, whole.pieces(source.shape, axis))
        _describe(group, data, source, [DIMENSIONS.get(name, name) for name in (str(each.label) for each in source.dims)])


def _is_beside(item: Any) -> bool:
    """A group, a dimension, or a number: what is not an array of a network."""
    return isinstance(item, h5py.Group) or item.is_scale or item.ndim == 0


def _show_rows(group: h5py.Group, first: h5py.Group, whole: Whole, names: Sequence[str]) -> None:
    coordinate(group, "trial", first["trial"][()], "1", TRIAL)
    for name in names:
        source = first[name]
        _describe(group, show(group, name, source, source.shape, whole.names, whole.pieces(source.shape, None)), source, ["trial"])


def _show_trajectories(group: h5py.Group, first: h5py.Group, whole: Whole, layout: Layout) -> None:
    for name in ("time", "trial"):
        coordinate(group, name, first[name][()], *described(first[name]).values())
    for name in layout.record.variables:
        source = first[name]
        last, values = layout.last_dimension(name, whole.units * whole.ranks)
        coordinate(group, last, values, "1", f"{last.replace('_', ' ')}, counted from 0")
        pieces = whole.pieces(source.shape, None) if name in CHANNELS else _recorded(source.shape, whole, values)
        data = show(group, name, source, (*source.shape[:2], len(values)), whole.names, pieces)
        _describe(group, data, source, ["time", "trial", last])


def _recorded(shape: Sequence[int], whole: Whole, units: np.ndarray) -> list[Piece]:
    """Of recorded units, in the order in which they were named, where each of them lies."""
    everything, places = tuple(slice(None) for _ in shape), [0] * whole.ranks
    if len(units) == whole.units * whole.ranks and (np.diff(units) == 1).all():
        return whole.pieces((*shape[:2], whole.units), 2)
    found = []
    for k, unit in enumerate(units):
        rank = int(unit) // whole.units
        found.append(Piece(rank, _at(everything, 2, places[rank], places[rank] + 1), _at(everything, 2, k, k + 1)))
        places[rank] += 1
    return found


def _at(everything: tuple[slice, ...], axis: int, first: int, last: int) -> tuple[slice, ...]:
    return tuple(slice(first, last) if k == axis else each for k, each in enumerate(everything))


def _describe(group: h5py.Group, data: h5py.Dataset, source: h5py.Dataset, names: Sequence[str]) -> None:
    """Dimensions by name, and what the source says of itself."""
    label(data, names)
    attach(data, [dimension(group, name, size) for name, size in zip(names, data.shape, strict=True)])
    describe(data, **described(source))
