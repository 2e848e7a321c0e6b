"""A run file written anew from an older one: to extend it, or to copy it."""

from __future__ import annotations

import h5py

from neurorec.storage.plan import Plan
from neurorec.storage.structure import build

BLOCK = 2**24  # bytes that are copied at a time


def rebuild(file: h5py.File, plan: Plan, old: h5py.File) -> None:
    """Build a file and copy into it what an older one holds, what others have added included."""
    build(file, plan)
    names = _all_names(old)
    added = [name for name in names if name not in file]
    for name in names:
        if name not in added and isinstance(old[name], h5py.Dataset):
            _copy(old[name], file[name])
    _copy_added(added, old, file)
    file.attrs.update({name: value for name, value in old.attrs.items() if name != "layout"})


def _copy(source: h5py.Dataset, target: h5py.Dataset) -> None:
    """Copy the overlap, a block at a time."""
    if source.ndim == 0:
        target[()] = source[()]
    elif source.id.get_storage_size():  # bare dimensions have none
        rows = max(1, BLOCK * len(source) // source.nbytes)
        for first in range(0, len(source), rows):
            part = source[first : first + rows]
            target[tuple(slice(n) if axis else slice(first, first + n) for axis, n in enumerate(part.shape))] = part


def _copy_added(names: list[str], old: h5py.File, file: h5py.File) -> None:
    for name in names:
        if name.rpartition("/")[0] not in names:
            old.copy(name, file, name=name)
    for name in names:
        if isinstance(old[name], h5py.Dataset):
            _attach_again(old[name], file)


def _attach_again(source: h5py.Dataset, file: h5py.File) -> None:
    """Scales are held by references, which HDF5 does not carry from file to file."""
    data = file[source.name]
    for name in ("DIMENSION_LIST", "REFERENCE_LIST"):
        if name in data.attrs:
            del data.attrs[name]
    for axis, old in zip(data.dims, source.dims, strict=True):
        for scale in old.values():
            axis.attach_scale(file[scale.name])


def _all_names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return names
