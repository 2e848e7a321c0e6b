"""What the runs of a sweep hold as arrays over the sweep's dimensions, read from the files when it is used.

Shapes follow from the sweep's settings and its results: to open a thousand runs opens no file, and to take the losses of ten of them opens ten.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray
from xarray.backends import BackendArray
from xarray.core import indexing

from neurorec.errors import RunFileError
from neurorec.networks.pattern import whole
from neurorec.process.memory import expect_memory
from neurorec.runs.open_file import ClosedFile
from neurorec.runs.run_reader import RunReader
from neurorec.sweeps.folder import number_in, results, run_path
from neurorec.sweeps.plan import POINT, WEIGHTS, Plan, Point
from neurorec.training.settings import ANGLE_COLUMN, COLUMNS, TrainingSettings

AXES = {"recurrent": ("post", "pre"), "input": ("post", "input_channel"), "readout": ("output_channel", "pre"), "bias": ("post",)}
Read = Callable[[Path], np.ndarray]


class RunArray(BackendArray):
    """A variable of every run of a sweep; not a number where a run has not come to it.

    Parameters
    ----------
    paths : array of Path
        In the shape of the sweep.
    inner : tuple of int
        Shape of the variable in a run.
    read : callable
        From a run's path to its array, of that shape or shorter.
    """

    def __init__(self, paths: np.ndarray, inner: tuple[int, ...], read: Read):
        self.paths, self._inner, self._read = paths, inner, read
        self.shape, self.dtype = (*paths.shape, *inner), np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        """As xarray asks for it."""
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._taken)

    def _taken(self, key: tuple[Any, ...]) -> np.ndarray:
        outer, inner = key[: self.paths.ndim], key[self.paths.ndim :]
        paths = np.asarray(self.paths[outer])
        whole = [self._of(path)[inner] for path in paths.ravel()]
        shape = whole[0].shape if whole else np.empty(self._inner)[inner].shape
        return np.reshape(whole, (*paths.shape, *shape))

    def _of(self, path: Path) -> np.ndarray:
        expect_memory(8 * math.prod(self._inner), f"an array of {' x '.join(map(str, self._inner))} numbers", "is it that sweep's?")
        array = np.full(self._inner, np.nan)
        if path.exists():
            found = self._read(path)
            if any(have > room for have, room in zip(found.shape, self._inner, strict=True)):
                raise RunFileError(f"{path} has {found.shape} numbers where its sweep says {self._inner}; it is another sweep's")
            array[tuple(slice(size) for size in found.shape)] = found
        return array


def log(folder: Path, plan: Plan) -> xarray.Dataset:
    """The logs of all runs, over the sweep's dimensions and trial."""
    columns, trials = _columns(plan), max(_setting(point, "trials") for point in plan.points)
    expect_memory(8 * trials, f"a log of {trials:,} trials", "train fewer")
    read = {name: lambda path, name=name: RunReader(ClosedFile(path)).newest()[name] for name in columns}
    arrays = {name: (("trial",), (trials,), read[name], {"units": unit, "long_name": text}) for name, (unit, text) in columns.items()}
    return _dataset(folder, plan, arrays).assign_coords(trial=("trial", np.arange(1, trials + 1), {"long_name": "trial, from 1"}))


def final(folder: Path, plan: Plan, trust: bool) -> xarray.Dataset:
    """How runs ended: numbers from the results, which are small; weights from the runs."""
    ended = results(folder)
    said = [ended.get(point.name, {}) for point in plan.points]
    numbers = {name: _numbers(plan, said, name) for name in ("loss", *_columns(plan), "done")}
    states = _over(plan, [each.get("state", "left") for each in said])
    shapes = {name: shape for name in WEIGHTS if (shape := _shape(name, said)) is not None}
    read = {name: lambda path, name=name: whole(getattr(RunReader.open(path, trust).network(), name)) for name in shapes}
    arrays = {name: (AXES[name], shape, read[name], {}) for name, shape in shapes.items()}
    return _dataset(folder, plan, arrays).assign(numbers | {"state": (tuple(plan.shape), states)})


def paths(folder: Path, plan: Plan) -> xarray.DataArray:
    """Of the run files."""
    names = _over(plan, [str(run_path(folder, point.name)) for point in plan.points])
    return xarray.DataArray(names, _coordinates(plan), tuple(plan.shape), name="path")


def _dataset(
    folder: Path, plan: Plan, arrays: Mapping[str, tuple[tuple[str, ...], tuple[int, ...], Read, dict[str, str]]]
) -> xarray.Dataset:
    files = np.empty(plan.count, object)
    files[:] = [run_path(folder, point.name) for point in plan.points]
    files = files.reshape(tuple(plan.shape.values()))
    return xarray.Dataset(
        {
            name: xarray.Variable((*plan.shape, *dims), indexing.LazilyIndexedArray(RunArray(files, inner, read)), attributes)
            for name, (dims, inner, read, attributes) in arrays.items()
        },
        _coordinates(plan),
    )


def _shape(name: str, said: Sequence[Mapping[str, Any]]) -> tuple[int, ...] | None:
    """Of a weight, where all runs that ended have it in the same."""
    all_said = [sizes.get(name) for each in said if isinstance(sizes := each.get("sizes"), Mapping)]
    found: Any = all_said[0] if all_said else None
    if not isinstance(found, list) or any(each != found for each in all_said) or len(found) != len(AXES[name]):
        return None
    return tuple(found) if all(isinstance(size, int) and size >= 0 for size in found) else None


def _columns(plan: Plan) -> dict[str, tuple[str, str]]:
    return COLUMNS | (ANGLE_COLUMN if any(_setting(point, "gradient_angle") for point in plan.points) else {})


def _setting(point: Point, name: str) -> Any:
    return point.settings.get("training", {}).get(name, getattr(TrainingSettings, name))


def _numbers(plan: Plan, said: Sequence[Mapping[str, Any]], name: str) -> tuple[tuple[str, ...], np.ndarray, dict[str, str]]:
    unit, text = (COLUMNS | ANGLE_COLUMN).get(name, ("1", "trials done"))
    values = [number_in(each, name) for each in said]
    return tuple(plan.shape), _over(plan, values), {"units": unit, "long_name": f"{text}, at the end"}


def _over(plan: Plan, values: Sequence[Any]) -> np.ndarray:
    return np.array(values).reshape(tuple(plan.shape.values()))


def _coordinates(plan: Plan) -> dict[str, Any]:
    if plan.points_listed is None:
        return {plan.dimension(key): (plan.dimension(key), _axis(values), {"setting": key}) for key, values in plan.over.items()}
    listed = {key: _axis([each.get(key) for each in plan.points_listed]) for key in plan.keys}
    return {plan.dimension(key): (POINT, values, {"setting": key}) for key, values in listed.items()}


def _axis(values: Sequence[Any]) -> np.ndarray:
    """Numbers as numbers, words as words; lists, mappings and mixtures as JSON."""
    if all(isinstance(each, str) for each in values):
        return np.array(values)
    if all(isinstance(each, int | float) or each is None for each in values):
        return np.array([np.nan if each is None else each for each in values])
    return np.array([each if isinstance(each, str) else json.dumps(each) for each in values])
