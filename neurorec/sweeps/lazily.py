"""What the runs of a sweep hold as arrays over the sweep's dimensions, read from the files when it is used.

Shapes follow from the sweep's settings and its results: to open a thousand runs opens no file, and to take the losses of ten of them opens ten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray
from xarray.backends import BackendArray
from xarray.core import indexing

from neurorec.runs.open_file import ClosedFile
from neurorec.runs.run_reader import RunReader
from neurorec.sweeps.folder import results, run_path
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
        array = np.full(self._inner, np.nan)
        if path.exists():
            found = self._read(path)
            array[tuple(slice(size) for size in found.shape)] = found
        return array


def log(folder: Path, plan: Plan) -> xarray.Dataset:
    """The logs of all runs, over the sweep's dimensions and trial."""
    columns, trials = _columns(plan), max(_setting(point, "trials") for point in plan.points)
    read = {name: lambda path, name=name: RunReader(ClosedFile(path)).newest()[name] for name in columns}
    arrays = {name: (("trial",), (trials,), read[name], {"units": unit, "long_name": text}) for name, (unit, text) in columns.items()}
    return _dataset(folder, plan, arrays).assign_coords(trial=("trial", np.arange(1, trials + 1), {"long_name": "trial, from 1"}))


def final(folder: Path, plan: Plan, trust: bool) -> xarray.Dataset:
    """How runs ended: numbers from the results, which are small; weights from the runs."""
    ended = results(folder)
    said = [ended.get(point.name, {}) for point in plan.points]
    numbers = {name: _numbers(plan, said, name) for name in ("loss", *_columns(plan), "done")}
    states = _over(plan, [each.get("state", "left") for each in said])
    sizes = [each["sizes"] for each in said if isinstance(each.get("sizes"), Mapping)]
    shapes = {
        name: tuple(sizes[0][name])
        for name in WEIGHTS
        if sizes and all(each.get(name) == sizes[0].get(name) and name in each for each in sizes)
    }
    read = {name: lambda path, name=name: getattr(RunReader.open(path, trust).network(), name) for name in shapes}
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


def _columns(plan: Plan) -> dict[str, tuple[str, str]]:
    return COLUMNS | (ANGLE_COLUMN if any(_setting(point, "gradient_angle") for point in plan.points) else {})


def _setting(point: Point, name: str) -> Any:
    return point.settings.get("training", {}).get(name, getattr(TrainingSettings, name))


def _numbers(plan: Plan, said: Sequence[Mapping[str, Any]], name: str) -> tuple[tuple[str, ...], np.ndarray, dict[str, str]]:
    unit, text = (COLUMNS | ANGLE_COLUMN).get(name, ("1", "trials done"))
    values = [float(each.get(name, np.nan)) if isinstance(each.get(name, np.nan), int | float) else np.nan for each in said]
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
