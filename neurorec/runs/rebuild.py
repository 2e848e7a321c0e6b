"""A run file written anew from another one: to extend it, or to copy it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from neurorec.hdf5.damage import reading
from neurorec.hdf5.parts import is_virtual
from neurorec.hdf5.seal import SEALED
from neurorec.hdf5.sliced import SlicedData
from neurorec.hdf5.values import NUMBERS, TEXT, plain_attributes, whole
from neurorec.hdf5.wholes import has_checksums
from neurorec.runs.checksums import note_rows, note_trials, rewriting
from neurorec.runs.contents import Contents
from neurorec.runs.networks import is_kept, snapshot_path
from neurorec.runs.new_files import publish
from neurorec.runs.structure import CHANGING, build

if TYPE_CHECKING:
    from neurorec.runs.run_reader import RunReader

BLOCK = 2**24  # bytes that are copied at a time
OWN = ("layout", "format_version", "kind", "ranks")  # attributes of the new file that are not copied


def save_as(run: RunReader, path: str | Path, overwrite: bool = False) -> Path:
    """Copy a run, such as one in memory, to a file.

    Raises
    ------
    RunFileError
        If the file exists, the folder does not, may not be written, or has no room.
    """
    path, contents = Path(path), run.contents()
    publish(path, contents.bytes, overwrite, lambda file: rebuild(file, contents, run.file), CHANGING)
    return path


def rebuild(file: h5py.File, contents: Contents, old: h5py.File) -> None:
    """Build a file and copy into it all that another one holds, also what other programs have added."""
    build(file, contents)
    names = _all_names(old)
    added = [name for name in names if name not in file and name not in SEALED] if isinstance(old, h5py.Group) else []
    kept = [name for name in names if name not in added and isinstance(old[name], h5py.Dataset | SlicedData) and name not in SEALED]
    with reading(old.filename, "what it holds"):
        _expect_fitting(kept, old, file)
        file.attrs.update({name: value for name, value in plain_attributes(old).items() if name not in OWN})
    for name in kept:
        _copy(old[name], file[name])
    _copy_added(added, old, file)
    if not has_checksums(old):
        _note_all(file, contents, old)


def _expect_fitting(names: list[str], old: h5py.File, file: h5py.File) -> None:
    """Refuse a file whose datasets have other shapes than its layout says."""
    for name in names:
        source, target = old[name], file[name]
        if source.id.get_storage_size() or is_virtual(source):  # bare dimensions have none
            whole(source, NUMBERS + TEXT)
            if source.ndim != target.ndim or any(m > n for m, n in zip(source.shape, target.shape, strict=True)):
                raise ValueError(f"/{name} has shape {source.shape}")


def _copy(source: h5py.Dataset, target: h5py.Dataset) -> None:
    """Copy a dataset into the first rows of a longer one, a block at a time."""
    if source.ndim == 0:
        target[()] = source[()]
    elif source.id.get_storage_size() or is_virtual(source):
        rows = max(1, BLOCK * len(source) // source.nbytes)
        for first in range(0, len(source), rows):
            part = source[first : first + rows]
            target[tuple(slice(n) if axis else slice(first, first + n) for axis, n in enumerate(part.shape))] = part


def _copy_added(names: list[str], old: h5py.File, file: h5py.File) -> None:
    for name in names:
        if name.rpartition("/")[0] not in names:
            old.copy(name, file, name=name)
    with reading(old.filename, "what was added to it"):
        for name in names:
            if isinstance(old[name], h5py.Dataset):
                _attach_again(old[name], file)


def _attach_again(source: h5py.Dataset, file: h5py.File) -> None:
    """Attach the dimension scales: they are references, which HDF5 does not copy from file to file."""
    data = file[source.name]
    for name in ("DIMENSION_LIST", "REFERENCE_LIST"):
        if name in data.attrs:
            del data.attrs[name]
    for axis, old in zip(data.dims, source.dims, strict=True):
        for scale in old.values():
            axis.attach_scale(file[scale.name])


def _note_all(file: h5py.File, contents: Contents, old: h5py.File) -> None:
    """Write the checksums of what a file of format 1 held without any."""
    layout = contents.layout
    done, recorded = np.s_[: contents.state.trials], np.s_[: len(layout.record.trials(0, contents.state.trials))]
    for name in ("network", *(snapshot_path(trial) for trial in contents.snapshots)):
        if name in old and is_kept(old, name):
            with rewriting(file, name):
                pass  # its numbers are in the file already
    note_rows(file, "log", layout.variables("log"), done)
    note_rows(file, "trials", layout.variables("trials"), recorded)
    for name in layout.record.variables:
        note_trials(file, name, file[f"trajectories/{name}"][:, recorded], recorded)


def _all_names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return names
