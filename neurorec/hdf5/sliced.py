"""A file of many networks as one of them sees it: every dataset that changes has a first dimension over networks, and is seen here without it.

A file of one run is seen as it is. Either way what was found in the file is kept, and numbers are read and written where they lie.

What an attribute cannot say, since it differs from network to network, is a dataset of its name in ``/networks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, final

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
        if block is None or self._raw is None or not self._raw.open:
            return self.below[self._at(where)]
        first, count = block
        return self._raw.read((*self._own, *first), (*(1 for _ in self._own), *count)).reshape(count)[()]

    def __setitem__(self, where: Any, values: Any) -> None:
        if (block := self._block(where)) is None or self.dtype.kind not in "iuf":
            self.below[self._at(where)] = values
            return
        first, count = (*self._own, *block[0]), (*(1 for _ in self._own), *block[1])
        numbers = np.ascontiguousarray(np.broadcast_to(values, block[1]), self.dtype).reshape(count)
        if self._raw is not None and self._raw.open:
            self._raw.write(first, numbers)
            return
        space = self.below.id.get_space()  # as h5py would, in a tenth of the time: a checkpoint of a network is some thirty of these
        if count:
            space.select_hyperslab(first, count)
        self.below.id.write(h5s.create_simple(count) if count else space, space, numbers)

    @property
    def _own(self) -> tuple[int, ...]:
        """The index of the network, if there are many."""
        return () if self.index is None else (self.index,)

    def _block(self, where: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """Where numbers in a row begin along each dimension, and how many there are."""
        parts = (*(where if isinstance(where, tuple) else (where,)), *(slice(None) for _ in self.shape))[: self.ndim]
        if not all(isinstance(part, slice) and part.step in (None, 1) for part in parts):
            return None
        ends = [part.indices(n)[:2] for part, n in zip(parts, self.shape, strict=True)]
        return tuple(first for first, _ in ends), tuple(max(0, stop - first) for first, stop in ends)

    def _at(self, where: Any) -> tuple[Any, ...]:
        return (*self._own, *(where if isinstance(where, tuple) else (where,)))


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

    def __init__(self, below: h5py.Group, index: int | None, own: dict[str, Any], kept: dict[str, Any]):
        self.below, self.index, self.own = below, index, own
        self.id, self.attrs, self.name, self.file = below.id, below.attrs, below.name, below.file
        self._kept = kept

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
            found = item if isinstance(item, h5py.Group) or item.is_scale else SlicedData(item, self.index)
            self._kept[path] = found
        if isinstance(found, h5py.Group):
            return Sliced(found, self.index, self.own, self._kept)
        return found.of(self.index) if isinstance(found, SlicedData) else found

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
