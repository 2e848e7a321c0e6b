"""What was found of a run, kept in its file: datasets of xarray under /analysis, with names and units.

The file is written anew beside its place and takes its name when it is complete, as `Run.save_as` does, so that its checksums hold and a
program that is killed meanwhile leaves the old one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from neurorec.errors import RunFileError, UnknownName, ValueRefused
from neurorec.hdf5.damage import reading
from neurorec.hdf5.values import NUMBERS, TEXT, plain_attributes, text, whole
from neurorec.runs.datasets import NOT_A_VARIABLE, allocate, allocate_texts, coordinate, decoded, dimension, encoded, put, text_widths
from neurorec.runs.kinds import is_over_ranks
from neurorec.runs.new_files import publish
from neurorec.runs.rebuild import rebuild
from neurorec.runs.structure import CHANGING

if TYPE_CHECKING:
    import xarray

    from neurorec.runs.run_reader import RunReader

GROUP = "analysis"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
REAL, IMAGINARY = "_real", "_imag"  # a complex variable is two real ones, which every netCDF tool can read
STRUCTURE = 2**14  # bytes of a variable beside its numbers


def store(run: RunReader, name: str, dataset: xarray.Dataset, replace: bool) -> None:
    """Write a dataset into a run's file, under ``/analysis/<name>``.

    Raises
    ------
    ValueRefused
        If the name is none, taken, or something in the dataset cannot be stored.
    RunFileError
        If the run has no file, or is being written.
    """
    if run.path is None:
        raise RunFileError("a run in memory has no file to keep an analysis in; save_as makes one")
    if run.index is not None:
        raise RunFileError(
            f"{run.name} is in a file of many runs, which keeps no analysis of one; save_as makes a file of its own, which does"
        )
    if is_over_ranks(run.path, run.file):
        raise RunFileError(f"{run.name} shows the files of several ranks and keeps no analysis; save_as makes one file of them, which does")
    _expect_name(name)
    if name in (there := names(run.file)) and not replace:
        raise ValueRefused(f"/{GROUP}/{name} is there already; pass replace=True, or another name ({', '.join(there)} are taken)")
    parts, contents = _plain(dataset), run.contents()
    size = contents.bytes + sum(each.nbytes + STRUCTURE for each in parts.variables.values())

    def fill(file: h5py.File) -> None:
        rebuild(file, contents, run.file)
        if name in names(file):
            del file[f"{GROUP}/{name}"]
        _write(file.require_group(GROUP).create_group(name), parts)

    publish(run.path, size + run.path.stat().st_size, True, fill, CHANGING)


def load(run: RunReader, name: str) -> xarray.Dataset:
    """A dataset that `store` wrote.

    Raises
    ------
    UnknownName
        If there is none of that name.
    RunFileError
        If the file is damaged.
    """
    file = run.file  # which compares the checksum of the structure before anything is read
    if name not in (there := names(file)):
        raise UnknownName.among("analysis", name, there)
    with reading(file.filename, f"/{GROUP}/{name}"):
        return _complex(_read(file[f"{GROUP}/{name}"]))


def names(file: h5py.File) -> tuple[str, ...]:
    """Of all analyses in a file."""
    return tuple(sorted(file[GROUP])) if isinstance(file.get(GROUP), h5py.Group) else ()


def _expect_name(name: str) -> None:
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise ValueRefused(f"an analysis cannot be called {name!r}; a name has letters, digits and _, and begins with a letter")


def _plain(dataset: Any) -> xarray.Dataset:
    """Real numbers and texts alone, with names that HDF5 can hold."""
    import xarray

    if isinstance(dataset, xarray.DataArray):
        dataset = dataset.to_dataset(name=dataset.name or "value")
    if not isinstance(dataset, xarray.Dataset):
        raise ValueRefused(f"an analysis is a Dataset or a DataArray of xarray, as nr.dynamics returns, got {type(dataset).__name__}")
    for name in [*dataset.variables, *dataset.dims]:
        _expect_name(str(name))
    for name, each in ((str(name), each) for name, each in dataset.data_vars.items()):
        if np.iscomplexobj(each):
            parts = {f"{name}{REAL}": each.real, f"{name}{IMAGINARY}": each.imag}
            dataset = dataset.drop_vars(name).assign({part: value.assign_attrs(each.attrs) for part, value in parts.items()})
    if odd := [name for name, each in dataset.variables.items() if each.dtype.kind not in "fiubU"]:
        raise ValueRefused(f"{odd[0]} is of type {dataset[odd[0]].dtype}; a run file holds numbers and texts, and nothing else")
    return dataset


def _write(group: h5py.Group, dataset: xarray.Dataset) -> None:
    group.attrs.update({str(name): _attribute(value) for name, value in dataset.attrs.items()})
    for name, size in dataset.sizes.items():
        index = dataset.variables.get(name)
        if index is not None and index.dims == (name,) and index.dtype.kind in "fiu":
            coordinate(group, str(name), index.values, str(index.attrs.get("units", "1")), str(index.attrs.get("long_name", name)))
        else:
            dimension(group, str(name), size)
    rest = [name for name in dataset.variables if name not in group]
    for name in rest:
        _write_variable(group, str(name), dataset.variables[name])
    if texts := [str(name) for name in dataset.sizes if name in dataset.variables and dataset.variables[name].dtype.kind == "U"]:
        for name in texts:
            _write_variable(group, f"{name}_name", dataset.variables[name])
    group.attrs["coordinates"] = " ".join(str(name) for name in dataset.coords if name not in dataset.dims)


def _write_variable(group: h5py.Group, name: str, variable: Any) -> None:
    scales, values = [group[str(each)] for each in variable.dims], variable.values
    if values.dtype.kind == "U":
        width = text_widths({name: values.ravel()})[name]
        allocate_texts(group, name, scales, width, str(variable.attrs.get("long_name", name)))
        put(group[name], encoded(values.ravel(), width).reshape(values.shape))
    else:
        kind = np.int8 if values.dtype.kind == "b" else values.dtype
        about = str(variable.attrs.get("units", "1")), str(variable.attrs.get("long_name", name))
        put(allocate(group, name, scales, kind, *about), values)
    if values.dtype.kind == "b":
        group[name].attrs["dtype"] = "bool"  # as xarray says it


def _attribute(value: Any) -> Any:
    return value if isinstance(value, str | int | float | np.integer | np.floating) else str(value)


def _read(group: h5py.Group) -> xarray.Dataset:
    import xarray

    stored = {name: data for name, data in group.items() if data.attrs.get("NAME") is None or not _is_bare(data)}
    return xarray.Dataset({name: _variable(data) for name, data in stored.items()}, attrs=plain_attributes(group))


def _is_bare(data: h5py.Dataset) -> bool:
    """Whether it is a dimension without coordinate, of which there are no numbers."""
    return NOT_A_VARIABLE.split("{")[0] in text(data, "NAME")


def _variable(data: h5py.Dataset) -> Any:
    values, about = whole(data, NUMBERS + TEXT)[()], plain_attributes(data)
    values = decoded(np.asarray(values)) if data.dtype.kind in TEXT else values.astype(bool) if about.get("dtype") == "bool" else values
    kept = {name: about[name] for name in ("units", "long_name") if name in about}
    return [str(axis.label) for axis in data.dims], values, kept


def _complex(found: xarray.Dataset) -> xarray.Dataset:
    """Pairs of real variables as one again, and texts as labels of their dimension."""
    for name in [str(each)[: -len(REAL)] for each in found.data_vars if str(each).endswith(REAL)]:
        if f"{name}{IMAGINARY}" in found:
            real, imaginary = found[f"{name}{REAL}"], found[f"{name}{IMAGINARY}"]
            found = found.drop_vars([real.name, imaginary.name]).assign({name: (real + 1j * imaginary).assign_attrs(real.attrs)})
    for name in [str(each) for each in found.dims if f"{each}_name" in found]:
        found = found.assign_coords({name: found[f"{name}_name"].values}).drop_vars(f"{name}_name")
    others = [each for each in str(found.attrs.pop("coordinates", "")).split() if each in found.data_vars]
    return found.set_coords(others)
