"""A file of many networks as one of them sees it: every dataset that changes has a first dimension over networks, and is seen here without it.

A file of one run is seen as it is. Either way what was found in the file is kept, and numbers are read and written where they lie.

What an attribute cannot say, since it differs from network to network, is a dataset of its name in ``/networks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, final

import h5py
import numpy as np
from h5py import h5s

from neurorec.hdf5.raw import Raw

OWN, NETWORK = "networks", "network"  # the group of what differs, and the name of the dimension
INSTEAD = "networks"  # its name in a group that has something else of that name


@final
class SlicedData:
    """A dataset, or one network in it.

    Parameters
    ----------
    below : h5py.Dataset
        Of all networks.
    index : int, optional
        Which network; None: there are not many.
    """

    is_scale = False

    def __init__(self, below: h5py.Dataset, index: int | None):
        self.below, self.index = below, index
        self.id, self.name, self.attrs, self.dtype = below.id, below.name, below.attrs, below.dtype
        self.shape, self._raw = below.shape if index is None else below.shape[1:], Raw.of(below)
        self.ndim, self.size = len(self.shape), int(np.prod(self.shape))
        self.nbytes = self.size * self.dtype.itemsize

    def of(self, index: int | None) -> SlicedData:
        """The same at another network, without a look at the file."""
        other = SlicedData.__new__(SlicedData)
        vars(other).update(vars(self), index=index)
        return other

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, where: Any) -> Any:
        block = self._block(where)
        if block is None or not self._raw or not (places := self._raw.places(*block)):
            return self.below[self._at(where)]
        _, count = block
        numbers = np.empty(count, self.dtype)
        self._raw.read(places, numbers)
        return numbers.reshape(count[len(self._own) :])[()]

    def __setitem__(self, where: Any, values: Any) -> None:
        block = self._block(where)
        if block is None or self.dtype.kind not in "iuf":
            self.below[self._at(where)] = values
            return
        numbers = np.asarray(values, self.dtype, order="C")
        if numbers.shape != (shape := block[1][len(self._own) :]):
            numbers = np.array(np.broadcast_to(numbers, shape), order="C")
        if self._raw and (places := self._raw.places(*block)):
            self._raw.write(places, numbers)
            return
        space = self.below.id.get_space()  # as h5py would, in a tenth of the time
        if block[1]:
            space.select_hyperslab(*block)
        self.below.id.write(h5s.create_simple(block[1]) if block[1] else h5s.ALL, space if block[1] else h5s.ALL, numbers)

    @property
    def _own(self) -> tuple[int, ...]:
        """The index of the network, if there are many."""
        return () if self.index is None else (self.index,)

    def _block(self, where: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """Where numbers in a row begin in the whole dataset, and how many there are along each of its dimensions."""
        parts = (*(where if isinstance(where, tuple) else (where,)), *(slice(None) for _ in self.shape))[: self.ndim]
        if not all(isinstance(part, slice) and part.step in (None, 1) for part in parts):
            return None
        own, ends = self._own, [part.indices(n)[:2] for part, n in zip(parts, self.shape, strict=True)]
        return (*own, *(first for first, _ in ends)), (*(1 for _ in own), *(max(0, stop - first) for first, stop in ends))

    def _at(self, where: Any) -> tuple[Any, ...]:
        return (*self._own, *(where if isinstance(where, tuple) else (where,)))


class _Group(NamedTuple):
    """A group, and what it takes HDF5 a while to say of it. What is kept must not refer to all that is: the file would be closed late."""

    below: h5py.Group
    id: Any
    attrs: Any
    name: str
    file: h5py.File

    @classmethod
    def of(cls, group: h5py.Group) -> _Group:
        return cls(group, group.id, group.attrs, group.name, group.file)


@final
class Sliced:
    """A file, or a group of it, at one network, or of a single run.

    Parameters
    ----------
    below : h5py.Group
        Of all networks.
    index : int, optional
        Which network; None: there are not many.
    own : dict
        Attributes that are the network's own.
    kept : dict
        What was found in the file, by path: looking it up takes longer than reading or writing it, and networks may share it.
    """

    def __init__(self, below: h5py.Group | _Group, index: int | None, own: dict[str, Any], kept: dict[str, Any]):
        self.below, self.id, self.attrs, self.name, self.file = below if isinstance(below, _Group) else _Group.of(below)
        self.index, self.own, self._kept = index, own, kept

    @property
    def filename(self) -> str:
        """Of the whole."""
        return self.file.filename

    def flush(self) -> None:
        """The whole file."""
        self.file.flush()

    def close(self) -> None:
        """The whole file."""
        self.file.close()

    def __contains__(self, name: str) -> bool:
        return self._path(name) in self._kept or name in self.below

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.below if name not in (NETWORK, INSTEAD, OWN) or self._is_the_runs(self.below[name]))

    def __getitem__(self, name: str) -> Any:
        found = self._kept.get(path := self._path(name))
        if found is None:
            item = self.below[name]
            found = self._kept[path] = self._seen(item)
        if isinstance(found, _Group):
            return Sliced(found, self.index, self.own, self._kept)
        return found.of(self.index) if isinstance(found, SlicedData) else found

    def _seen(self, item: Any) -> Any:
        """As it is seen from here; scales are the same for all networks."""
        if isinstance(item, h5py.Group):
            return _Group.of(item)
        return item if item.is_scale else SlicedData(item, self.index)

    def _path(self, name: str) -> str:
        return f"{self.name}/{name}"

    def _is_the_runs(self, item: Any) -> bool:
        """Whether what has the name of a dimension is something else, of one run."""
        return not item.is_scale if isinstance(item, h5py.Dataset) else item.name != f"/{OWN}"

    def get(self, name: str, otherwise: Any = None) -> Any:
        """As of a mapping."""
        return self[name] if name in self else otherwise

    def visit(self, visitor: Callable[[str], object]) -> None:
        """Call with the path of everything that there is of the network."""
        for name in self:
            visitor(name)
            if isinstance(item := self[name], Sliced):
                item.visit(lambda below, name=name: visitor(f"{name}/{below}"))
