"""Fixed points under several inputs and along a training, tracked; stored in the run file and read again."""

from __future__ import annotations

import numpy as np
import pytest
import xarray

import neurorec as nr
from neurorec.dynamics import _stages
from neurorec.errors import NotOffered, RunFileError, ShapeError, UnknownName, ValueRefused

FOLD = 0.53283998  # of x = tanh(2 x + b)


def one_unit(gain=2.0):
    net = nr.Network.random(1, 1, 1, cell="tanh", dt=1.0, seed=0)
    return net.replace(recurrent=np.array([[gain]]), input=np.array([[1.0]]))


def test_points_of_one_unit_under_several_currents():
    currents = np.linspace(-0.8, 0.8, 9)[:, None]
    found = nr.dynamics.points_by_condition(one_unit(), currents, np.linspace(-1, 1, 20)[:, None])
    assert found["points"].values.tolist() == [3 if abs(b) < FOLD else 1 for b in currents[:, 0]]
    low = found["track"].values[0]  # the lower branch, to its fold
    assert (found["first"].values[low], currents[found["last"].values[low], 0] < FOLD) == (0, True)
    assert found.sizes["of_track"] == 3
    assert found["input"].dims == ("condition", "channel")
    assert found["starts"].sum("status").values[0] == 20


def test_conditions_have_names_and_bad_ones_are_refused():
    found = nr.dynamics.points_by_condition(one_unit(), {"none": [0.0], "some": [0.2]}, [[0.1]])
    assert found["condition"].values.tolist() == ["none", "some"]
    with pytest.raises(ShapeError, match=r"inputs must be \(conditions, 1\)"):
        nr.dynamics.points_by_condition(one_unit(), [0.0, 1.0])
    with pytest.raises(NotOffered, match="conditions are inputs of a network"):
        nr.dynamics.points_by_condition(np.tanh, [[0.0]])


def test_points_that_are_born_and_die():
    """The pitchfork at a gain of 1, there and back."""
    gains = (0.8, 1.5, 1.6, 0.9)
    stages, partial = _stages.searched(
        ((one_unit(gain), [0.0]) for gain in gains), 4, np.linspace(-1, 1, 9)[:, None], 9,
        seed=0, fibres=None, seconds=None, progress=False, unit="checkpoint",
    )  # fmt: skip
    assert ([len(each) for each in stages.tracks], partial) == ([1, 3, 3, 1], False)
    assert sorted(map(tuple, stages.spans)) == [(0, 3), (1, 2), (1, 2)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    task = nr.task("periodic_output", period=0.1)
    net = nr.Network.random(task.n_inputs, 4, task.n_outputs, dt=task.dt, gain=2.0, seed=0)
    path = tmp_path_factory.mktemp("runs") / "run.h5"
    return nr.train(net, task, trials=6, engine="reference", record=nr.Record(checkpoints=3), path=path, progress=False)


def test_points_along_a_training(run):
    told = []
    found = nr.dynamics.points_along_run(run, fresh=16, progress=lambda done, total, _: told.append((done, total)))
    assert found["checkpoint"].values.tolist() == list(run.checkpoints)
    assert told[-1] == (len(run.checkpoints), len(run.checkpoints))
    last = nr.dynamics.fixed_points(run.checkpoint(run.checkpoints[-1]))
    there = found["checkpoint_of"].values == len(run.checkpoints) - 1
    assert np.allclose(found["state"].values[there], last["state"], atol=1e-9)
    assert nr.dynamics.points_along_run(run, seconds=0.0).attrs["partial"] == 1


# In the run file -------------------------------------------------------------------------------------------------------


def test_an_analysis_is_kept_in_the_file_and_read_again_as_it_was(run):
    found = nr.dynamics.fixed_points(run)
    run.store_analysis("points", found)
    again = nr.open_run(run.path)
    assert again.analyses == ("points",)
    read = again.analysis("points")
    for name in found.data_vars:
        assert read[name].dims == found[name].dims
        assert read[name].dtype.kind == found[name].dtype.kind
        assert np.array_equal(read[name].values, found[name].values, equal_nan=found[name].dtype.kind in "fc")
        assert read[name].attrs.get("units") == found[name].attrs.get(
            "units", "1" if found[name].dtype.kind != "b" else read[name].attrs.get("units")
        )
    assert read["variable"].values.tolist() == found["variable"].values.tolist()
    assert read.attrs["tolerance"] == found.attrs["tolerance"]
    assert all(part.status in ("whole", "not finished") for part in again.check())
    with xarray.open_datatree(run.path, engine="h5netcdf") as tree:
        assert np.array_equal(tree["analysis/points/eigenvalues_real"].values, found["eigenvalues"].values.real)
    assert np.array_equal(again.network.recurrent, run.network.recurrent)


def test_a_name_is_taken_once_unless_it_is_replaced(run):
    table = xarray.Dataset({"a": ("x", [1.0, 2.0])}, {"x": ["one", "two"]})
    run.store_analysis("table", table)
    with pytest.raises(ValueRefused, match="is there already; pass replace=True"):
        run.store_analysis("table", table)
    run.store_analysis("table", 2 * table, replace=True)
    read = run.analysis("table")
    assert (read["a"].values.tolist(), read["x"].values.tolist()) == ([2.0, 4.0], ["one", "two"])
    longer = nr.resume(run.path, trials=8, progress=False)
    assert "table" in longer.analyses


@pytest.mark.parametrize(
    ("name", "dataset", "error", "says"),
    [
        ("../network", xarray.Dataset(), ValueRefused, "cannot be called"),
        ("a/b", xarray.Dataset(), ValueRefused, "cannot be called"),
        ("table_of_objects", xarray.Dataset({"a": ("x", np.array([{}], object))}), ValueRefused, "numbers and texts"),
        ("array", np.zeros(3), ValueRefused, "a Dataset or a DataArray"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_the_file_is_as_it_was(run, name, dataset, error, says):
    before = run.path.read_bytes()
    with pytest.raises(error, match=says):
        run.store_analysis(name, dataset)
    assert run.path.read_bytes() == before


def test_analyses_that_are_not_there_or_have_no_file(run):
    with pytest.raises(UnknownName, match="no_such"):
        run.analysis("no_such")
    memory = nr.train(run.network, "periodic_output", trials=1, engine="reference", progress=False)
    with pytest.raises(RunFileError, match="in memory"):
        memory.store_analysis("points", xarray.Dataset())
