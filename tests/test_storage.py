"""The run file: what xarray sees of it, what survives a kill, what is refused and how."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from victims import Victims

from neurorec.errors import RunFileError, ShapeError, UnknownName, ValueRefused
from neurorec.hdf5.seal import SEALED, renew
from neurorec.hdf5.states import State
from neurorec.networks.network import Network
from neurorec.runs.contents import Contents
from neurorec.runs.datasets import text_widths
from neurorec.runs.layout import Layout
from neurorec.runs.rebuild import save_as
from neurorec.runs.record import Record
from neurorec.runs.run_reader import RunReader
from neurorec.runs.run_writer import RunWriter

UNITS, OUTPUTS, STEPS, DT = 4, 2, 6, 0.01
LOG = {"loss": ("1", "training loss"), "seconds": ("s", "wall-clock time"), "alignment": ("1", "cosine with the gradient")}
VECTOR = np.arange(5, dtype=np.float32)


def new(path, net, record, total=20, steps=STEPS, config=None, conditions=(), texts=(), vector=VECTOR, slots=None, overwrite=False):
    """A run that was not trained."""
    layout = Layout(total, steps, DT, 1, net.inputs, net.outputs, LOG, conditions, record, dict(texts))
    state = State(0, 0, vector, np.zeros((2, len(vector)), np.float32) if slots is None else slots)
    config = {"rule": "rflo", "rate": 0.03} if config is None else config
    return RunWriter.create(path, Contents(layout, net, config, state, 2**90 + 1, record.snapshots(total)), overwrite)


def small(path, total=20, inputs=3, record=None, **options):
    net = Network.random(inputs=inputs, units=UNITS, outputs=OUTPUTS, seed=1)
    record = record or Record(("h", "output", "input", "target"), every=2, steps=2, units=(0, 3), checkpoints=3)
    return new(path, net, record, total, **{"conditions": ("angle",), **options})


def trained(run, value):
    """The run's network with all weights set to a number."""
    net = run.reader.initial()
    return net.replace(recurrent=np.full(net.recurrent.shape, value), readout=np.full(net.readout.shape, value))


def fill(run, first, last):
    """Do trials [first, last), with values that tell the trial's number k: log k, trajectories k + step / 10."""
    numbers = run.reader.record.trials(first, last)
    whole = numbers[None, :, None] + np.arange(STEPS)[:, None, None] / 10
    channels = {"h": UNITS, "output": OUTPUTS, "input": run.reader.initial().inputs, "target": OUTPUTS}
    arrays = {name: run.reader.record.pick(name, np.repeat(whole, channels[name], axis=2)) for name in run.reader.record.variables}
    run.write_log(first, {name: np.arange(first, last) for name in LOG})
    run.write_trajectories(numbers, arrays, {"angle": -1.0 * numbers, "text": np.array(["left"] * len(numbers))})
    run.snapshot(last, trained(run, last))
    run.checkpoint(State(last, 10 * last, np.full(5, last, np.float32), np.full((2, 5), last, np.float32)))


def contents(file):
    """Every dataset's bytes, but those that seal a file on disk."""
    found = {}
    file.visititems(lambda name, item: found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None)
    return {name: value for name, value in found.items() if name not in SEALED}


@pytest.fixture(params=["file", "memory"])
def where(request, tmp_path):
    return tmp_path / "run.h5" if request.param == "file" else None


# What xarray shows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", [3, 0])
def test_xarray_shows_names_seconds_and_units(tmp_path, inputs):
    with small(tmp_path / "run.h5", inputs=inputs) as run:
        fill(run, 0, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xarray.open_datatree(tmp_path / "run.h5", engine="h5netcdf") as tree:
            tree.load()
    shown = tree["trajectories"]
    assert {name: shown[name].dims for name in ("h", "output", "input", "target")} == {
        "h": ("time", "trial", "unit"),
        "output": ("time", "trial", "output_channel"),
        "input": ("time", "trial", "input_channel"),
        "target": ("time", "trial", "output_channel"),
    }
    np.testing.assert_allclose(shown.time, [0.02, 0.04, 0.06])  # the end of every second step
    np.testing.assert_array_equal(shown.trial, np.arange(1, 21, 2))
    np.testing.assert_array_equal(shown.unit, [0, 3])
    assert shown.h.dtype == np.float32
    assert shown.h.sel(time=0.04, trial=3, unit=3, method="nearest") == pytest.approx(2.3)
    assert tree["log"].sizes == {"trial": 20}
    assert tree["log/seconds"].units == "s"
    assert tree["log/seconds"].long_name == "wall-clock time"
    assert tree["trials/angle"].dims == ("trial",)
    assert tree["network/recurrent"].dims == ("post", "pre")
    assert tree["network/input"].sizes == {"post": UNITS, "input_channel": inputs}
    assert tree["network/parameters/tau"].units == "s"
    assert tree["checkpoints/000000010/readout"].dims == ("output_channel", "pre")
    assert tree["state/0/slots"].dims == ("slot", "weight")


def test_every_dataset_says_its_unit_and_name(tmp_path):
    small(tmp_path / "run.h5").close()

    def check(name, item):
        if isinstance(item, h5py.Dataset) and not item.attrs.get("NAME", b"").startswith(b"This is a netCDF dimension"):
            assert {"units", "long_name"} <= set(item.attrs), name

    with h5py.File(tmp_path / "run.h5") as file:
        file.visititems(check)


def test_root_says_where_the_run_comes_from(tmp_path):
    with small(tmp_path / "run.h5") as run:
        assert run.reader.config == {"rule": "rflo", "rate": 0.03}
        assert run.reader.seed_entropy == 2**90 + 1
    with h5py.File(tmp_path / "run.h5") as file:
        about = dict(file.attrs)
    assert about["kind"] == "neurorec run"
    assert about["Conventions"] == "CF-1.8"
    assert json.loads(about["versions"])["numpy"] == np.__version__
    assert {"git_commit", "created", "format_version"} <= set(about)


def test_git_commit_is_that_of_the_users_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with small(None) as run:
        assert run.reader.file.attrs["git_commit"] == ""
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "m"], check=True)
    with small(None) as run:
        assert len(run.reader.file.attrs["git_commit"]) == 40
    monkeypatch.setenv("PATH", "")
    with small(None) as run:
        assert run.reader.file.attrs["git_commit"] == ""


def test_a_large_config_fits(tmp_path):
    config = {"trials": list(range(50_000))}  # more than the 64 KB that an attribute itself may take
    net = Network.random(0, 2, 1)
    with new(tmp_path / "run.h5", net, Record.nothing(), config=config) as run:
        assert run.reader.config == config


def test_many_checkpoints(tmp_path):
    with small(tmp_path / "run.h5", total=300, record=Record((), checkpoints=200)) as run:
        assert len(run.reader.snapshot_trials) == 200


# Writing and reading back, in a file and in memory ---------------------------------------------------------------------


def test_log_holds_the_trials_done(where):
    with small(where) as run:
        assert run.reader.log().sizes["trial"] == 0
        fill(run, 0, 7)
        log = run.reader.log()
    np.testing.assert_array_equal(log.trial, np.arange(1, 8))
    np.testing.assert_array_equal(log.loss, np.arange(7))
    assert log.seconds.attrs == {"units": "s", "long_name": "wall-clock time"}


def test_a_log_that_diverged_is_shown_to_its_end(where):
    with small(where) as run:
        run.write_log(0, {"loss": np.array([1.0, np.nan, np.nan])})
        assert run.reader.log().sizes["trial"] == 3  # a row that was written has a checksum, whatever it holds


def test_trajectories_come_back(where):
    with small(where) as run:
        fill(run, 0, 4)
        fill(run, 4, 9)
        data = run.reader.trajectories()
        only = run.reader.trajectories("output")
    np.testing.assert_array_equal(data.trial, [1, 3, 5, 7, 9])
    np.testing.assert_allclose(data.h.transpose("trial", "unit", "time")[1, 0], [2.1, 2.3, 2.5], rtol=1e-6)
    np.testing.assert_array_equal(data.angle, -1.0 * np.arange(0, 9, 2))
    assert set(only.data_vars) == {"output"}
    assert "unit" not in only.dims


@pytest.mark.parametrize(("reduce", "times"), [("mean", [0.06]), ("last", [0.06]), ("maximum", [0.06])])
def test_reduced_trajectories_have_one_time(where, reduce, times):
    with small(where, record=Record("h", reduce=reduce)) as run:
        fill(run, 0, 3)
        data = run.reader.trajectories()
    np.testing.assert_allclose(data.time, times)
    np.testing.assert_allclose(data.h[0, :, 0], np.arange(3) + (0.25 if reduce == "mean" else 0.5), rtol=1e-6)
    assert data.h.cell_methods == f"time: {'point' if reduce == 'last' else reduce}"


def test_nothing_recorded(where):
    with small(where, record=Record.nothing()) as run:
        fill(run, 0, 20)
        assert run.reader.log().sizes["trial"] == 20
        assert run.reader.trajectories().sizes == {"trial": 0}
        assert run.reader.snapshot_trials == (0,)


def test_without_inputs(where):
    with small(where, inputs=0) as run:
        fill(run, 0, 20)
        assert run.reader.trajectories("input").input.shape == (3, 10, 0)
        assert run.reader.network().input.shape == (UNITS, 0)


WORDS = np.array(["left", "rechts ü", "", "x" * 70])


def test_conditions_that_are_words(tmp_path):
    """Also longer ones than the first: what does not fit ends in dots."""
    given = {"angle": np.arange(4.0), "side": WORDS}
    with small(tmp_path / "run.h5", record=Record("h"), conditions=("angle", "side"), texts=text_widths({"side": WORDS[:1]})) as run:
        run.write_log(0, {name: np.zeros(4) for name in LOG})
        run.write_trajectories(np.arange(4), {"h": np.zeros((STEPS, 4, UNITS))}, given)
        run.checkpoint(State(4, 4, VECTOR, np.zeros((2, 5))))
        np.testing.assert_array_equal(run.reader.trajectories().side, [*WORDS[:3], "x" * 61 + "…"])
        np.testing.assert_array_equal(run.reader.trajectories().angle, np.arange(4.0))
        run.extend(30)
    run = RunReader.open(tmp_path / "run.h5")
    assert run.trajectories().side[1] == "rechts ü"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xarray.open_datatree(tmp_path / "run.h5", engine="h5netcdf") as tree:
            assert tree["trials/side"].values[:4].tolist() == [*WORDS[:3], "x" * 61 + "…"]
            assert tree["trials/side"].values[4] == ""


def test_networks(where):
    with small(where) as run:
        first = run.reader.initial()
        np.testing.assert_array_equal(first.recurrent, Network.random(3, UNITS, OUTPUTS, seed=1).recurrent)
        assert run.reader.snapshot_trials == (0, 10, 20)
        assert run.reader.snapshots_kept == (0,)
        with pytest.raises(RunFileError, match="no whole network in /checkpoints/000000010, the run has done 0 of 20"):
            run.reader.network(10)
        fill(run, 0, 10)
        assert run.reader.snapshots_kept == (0, 10)
        assert (run.reader.network(10).recurrent == 10).all()
        assert (run.reader.network().recurrent == first.recurrent).all()
        assert run.reader.trained == 0
        run.finish(trained(run, 7.5))
        assert (run.reader.network().readout == 7.5).all()
        assert run.reader.network().parameters["tau"] == pytest.approx(first.parameters["tau"])
        assert run.reader.trained == run.reader.done == 10
        with pytest.raises(RunFileError, match=r"no checkpoint 11; there are 0, 10, 20"):
            run.reader.network(11)


def test_a_run_file_is_a_network_file(tmp_path):
    with small(tmp_path / "run.h5") as run:
        run.finish(trained(run, 2.0))
    assert (Network.load(tmp_path / "run.h5").recurrent == 2).all()


def test_batches_shift_checkpoints_to_their_ends():
    assert Record(checkpoints=5).snapshots(100) == (0, 25, 50, 75, 100)
    assert Record(checkpoints=5).snapshots(100, batch=8) == (0, 32, 56, 80, 100)
    assert Record(checkpoints=11).snapshots(5) == (0, 1, 2, 3, 4, 5)
    assert Record(checkpoints=1).snapshots(100) == (0,)


def test_what_does_not_fit_is_refused(where):
    with small(where) as run:
        with pytest.raises(ShapeError, match="room for shape"):
            run.write_log(18, {"loss": np.zeros(3)})
        with pytest.raises(UnknownName, match="no column of the log named 'los'; did you mean 'loss'"):
            run.write_log(0, {"los": np.zeros(3)})
        with pytest.raises(ShapeError, match="see Record.pick"):
            run.write_trajectories([0, 2], {"h": np.zeros((STEPS, 2, UNITS))})
        for numbers in ([0, 1], [1], [0, 4], [-2, 0], [18, 20]):
            with pytest.raises(ValueRefused, match="not those to record"):
                run.write_trajectories(numbers, {"h": np.zeros((3, len(numbers), 2))})
        with pytest.raises(UnknownName, match="no recorded variable named 'c'"):
            run.reader.trajectories("c")
        with pytest.raises(ShapeError, match=r"/vector has room for shape \(5,\)"):
            run.checkpoint(State(1, 1, np.zeros(1), np.zeros((2, 5))))


def test_create_refuses_what_cannot_be_recorded(where):
    for record, error, text in [
        (Record("c"), UnknownName, "no variable to record named 'c'"),
        (Record(units=[4]), ValueRefused, "units to record reach 4, but the network has 4"),
        (Record(steps=7), ValueRefused, "keeps nothing of trials of 6 time steps"),
    ]:
        with pytest.raises(error, match=text):
            small(where, record=record)
    with pytest.raises(ValueRefused, match="cannot be called 'trial'"):
        small(where, conditions=("trial",))
    net = Network.random(0, 2, 1)
    with pytest.raises(ValueRefused, match="config must be JSON-able"):
        new(where, net, Record.nothing(), config={"x": np.zeros(2)})
    assert where is None or list(where.parent.iterdir()) == []


def test_memory_and_file_hold_the_same(tmp_path):
    with small(tmp_path / "run.h5") as run, small(None) as twin:
        for each in (run, twin):
            fill(each, 0, 5)
            fill(each, 5, 15)
            each.finish(trained(each, 3.0))
        assert contents(run.reader.file) == contents(twin.reader.file)
        copy = save_as(twin.reader, tmp_path / "copy.h5")
        saved = RunReader.open(copy)
        assert contents(saved.file) == contents(twin.reader.file)
        assert dict(saved.file.attrs) == dict(twin.reader.file.attrs)


# Extending ------------------------------------------------------------------------------------------------------------


def test_extend_keeps_everything(where):
    with small(where) as run:
        fill(run, 0, 13)
        run.finish(trained(run, 13.0))
        extra = run.reader.file.create_group("analysis")
        extra["speed"] = np.arange(3.0)
        extra["point"] = np.arange(3)
        extra["point"].make_scale("point")
        extra["speed"].dims[0].attach_scale(extra["point"])
        run.reader.file["log/mine"] = 4.0
        before, state, log, data, about = (
            contents(run.reader.file),
            run.reader.state(),
            run.reader.log(),
            run.reader.trajectories(),
            dict(run.reader.file.attrs),
        )
        run.extend(20)  # no more than there is: nothing happens
        assert contents(run.reader.file) == before
        run.extend(1000)
        after = contents(run.reader.file)
        grown = ("log/", "trials/", "trajectories/", "state/", "checksums/")
        assert {name: value for name, value in before.items() if not name.startswith(grown)}.items() <= after.items()
        assert after["log/mine"] == before["log/mine"]
        xarray.testing.assert_identical(run.reader.log(), log)
        xarray.testing.assert_identical(run.reader.trajectories(), data)
        for old, new in zip(state, run.reader.state(), strict=True):
            np.testing.assert_array_equal(old, new)
        assert {name for name, value in run.reader.file.attrs.items() if value != about[name]} == {"layout"}
        assert run.reader.file["analysis/speed"].dims[0][0].name == "/analysis/point"
        assert (run.reader.total, run.reader.done, run.reader.snapshot_trials) == (1000, 13, (0, 10, 20, 500, 1000))
        fill(run, 13, 1000)
        assert run.reader.log().loss.values.tolist() == list(range(1000))
        assert run.reader.trajectories().trial[-1] == 999
    if where:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            xarray.open_datatree(where, engine="h5netcdf").close()
        assert [path.name for path in where.parent.iterdir()] == ["run.h5"]


def test_extend_copies_in_blocks(where, monkeypatch):
    monkeypatch.setattr("neurorec.runs.rebuild.BLOCK", 100)
    with small(where) as run:
        fill(run, 0, 20)
        log, data = run.reader.log(), run.reader.trajectories()
        run.extend(30)
        xarray.testing.assert_identical(run.reader.log(), log)
        xarray.testing.assert_identical(run.reader.trajectories(), data)


# Damage ---------------------------------------------------------------------------------------------------------------


def damage(run, slot, name="vector"):
    run.reader.file[f"state/{slot}/{name}"][...] += 1


def test_a_damaged_state_falls_back_to_the_other(where):
    with small(where) as run:
        assert run.reader.state()[:2] == (0, 0)  # resumable from the start
        fill(run, 0, 4)
        fill(run, 4, 8)
        assert run.reader.done == 8
        newest = max("01", key=lambda slot: run.reader.file[f"state/{slot}/numbers"][0])
        damage(run, newest)
        trial, updates, vector, slots, _ = run.reader.state()
        assert (trial, updates) == (4, 40)
        assert (vector == 4).all()
        assert (slots == 4).all()
        damage(run, "10"[int(newest)], "numbers")
        with pytest.raises(RunFileError, match="holds no whole state and cannot be resumed"):
            run.reader.state()


def test_the_damaged_state_is_the_one_overwritten(tmp_path):
    with small(tmp_path / "run.h5") as run:
        fill(run, 0, 4)
        fill(run, 4, 8)
        damage(run, max("01", key=lambda slot: run.reader.file[f"state/{slot}/numbers"][0]))
    with RunWriter.open(tmp_path / "run.h5") as run:
        run.checkpoint(State(5, 50, VECTOR, np.zeros((2, 5))))
        damage(run, max("01", key=lambda slot: run.reader.file[f"state/{slot}/numbers"][0]))
        assert run.reader.done == 4


def test_a_network_torn_while_written_is_not_taken_for_whole(tmp_path, monkeypatch):
    run = small(tmp_path / "run.h5")

    def dies(data, values):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurorec.runs.networks.put", dies)
    with pytest.raises(KeyboardInterrupt):
        run.finish(run.reader.initial())
    monkeypatch.undo()
    with pytest.raises(RunFileError, match="no whole network in /network"):
        run.reader.network()
    run.finish(run.reader.initial())
    run.reader.network()
    run.close()


def no_file(folder):
    return folder / "none.h5"


def a_folder(folder):
    return folder


def text(folder):
    (folder / "text.h5").write_text("loss 0.1\n")
    return folder / "text.h5"


def empty(folder):
    (folder / "empty.h5").touch()
    return folder / "empty.h5"


def truncated(folder):
    small(folder / "run.h5").close()
    os.truncate(folder / "run.h5", (folder / "run.h5").stat().st_size // 2)
    return folder / "run.h5"


def beheaded(folder):
    small(folder / "run.h5").close()
    with (folder / "run.h5").open("r+b") as file:
        file.seek(8)
        file.write(b"\xff" * 2000)
    return folder / "run.h5"


def other_hdf5(folder):
    with h5py.File(folder / "other.h5", "w") as file:
        file["x"] = 1
    return folder / "other.h5"


def network_only(folder):
    return Network.random(0, 2, 1).save(folder / "net.h5")


def newer(folder):
    small(folder / "run.h5").close()
    with h5py.File(folder / "run.h5", "r+") as file:
        file.attrs["format_version"] = 3
    renew(folder / "run.h5")
    return folder / "run.h5"


def lacking(folder):
    small(folder / "run.h5").close()
    with h5py.File(folder / "run.h5", "r+") as file:
        del file["log"]
    renew(folder / "run.h5")
    return folder / "run.h5"


def inside_a_file(folder):
    return text(folder) / "run.h5"


@pytest.mark.parametrize("opener", [RunReader, RunWriter])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (no_file, "there is no file"),
        (inside_a_file, "there is no file"),
        (a_folder, "is a folder; name the run file in it"),
        (text, "is not an HDF5 file; expected a run written by nr.train"),
        (empty, "is not an HDF5 file"),
        (truncated, "is truncated, so part of it is missing"),
        (beheaded, "is damaged"),
        (other_hdf5, "is an HDF5 file but no neurorec run; expected"),
        (network_only, "holds a network, use nr.Network.load"),
        (newer, r"newer neurorec \(format 3, this one reads up to 2\); upgrade"),
        (lacking, "is damaged .it lacks /log"),
    ],
)
def test_what_is_no_run_is_refused_in_one_line(tmp_path, make, message, opener):
    path = make(tmp_path)
    with pytest.raises(RunFileError, match=message) as refused:
        opener.open(path)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)


# root may do everything, so permission bits can only be tested as another user
@pytest.mark.skipif(os.geteuid() == 0, reason="root ignores permission bits")
def test_no_permission(tmp_path):
    small(tmp_path / "run.h5").close()
    (tmp_path / "run.h5").chmod(0)
    with pytest.raises(RunFileError, match="no permission to open"):
        RunReader.open(tmp_path / "run.h5")
    tmp_path.chmod(0o500)
    with pytest.raises(RunFileError, match="Permission denied"):
        small(tmp_path / "other.h5")


def test_permission_denied_is_said(tmp_path, monkeypatch):
    small(tmp_path / "run.h5").close()

    def denied(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(h5py, "File", denied)
    with pytest.raises(RunFileError, match="no permission to open"):
        RunReader.open(tmp_path / "run.h5")
    with pytest.raises(RunFileError, match=r"cannot write .*other.h5 \(Permission denied\); .* in a folder that can be written"):
        small(tmp_path / "other.h5")


def test_existing_runs_are_kept_unless_told(tmp_path):
    small(tmp_path / "run.h5", total=5).close()
    with pytest.raises(RunFileError, match=r"exists already; choose another path, pass overwrite=True, or resume it"):
        small(tmp_path / "run.h5")
    run = RunReader.open(tmp_path / "run.h5")
    assert run.total == 5
    with pytest.raises(ValueRefused):
        small(tmp_path / "run.h5", overwrite=True, conditions=("a/b",))
    run = RunReader.open(tmp_path / "run.h5")  # the old one stays until the new one is complete
    assert run.total == 5
    small(tmp_path / "run.h5", overwrite=True).close()
    run = RunReader.open(tmp_path / "run.h5")
    assert run.total == 20
    assert [path.name for path in tmp_path.iterdir()] == ["run.h5"]


def test_where_no_run_can_be_written(tmp_path):
    with pytest.raises(RunFileError, match="there is no folder"):
        small(tmp_path / "none" / "run.h5")
    with pytest.raises(RunFileError, match="there is no folder"):
        small(inside_a_file(tmp_path))
    with pytest.raises(RunFileError, match="is a folder; give the file a name in it"):
        small(tmp_path, overwrite=True)
    with pytest.raises(RunFileError, match=r"GB are free; the run needs .* TB .* record less \(Record: every"):
        small(tmp_path / "run.h5", total=10**12, record=Record(()))


def test_a_disk_that_fills_up_leaves_nothing_behind(tmp_path):
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); from test_storage import small, RunFileError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try: small(sys.argv[2], total=10_000)\n"
        "except RunFileError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path / "run.h5")], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith(f"cannot write {tmp_path / 'run.h5'} (File too large); the run needs"), done
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("checkpoints", [1, 50])
def test_the_room_that_is_tried_is_enough(tmp_path, checkpoints):
    with small(tmp_path / "run.h5", record=Record(checkpoints=checkpoints)) as run:
        assert (tmp_path / "run.h5").stat().st_size < run.reader.contents().bytes


def test_one_writer_and_any_reader(tmp_path):
    with small(tmp_path / "run.h5") as run:
        reader = RunReader.open(tmp_path / "run.h5")
        assert reader.done == 0
        fill(run, 0, 6)
        assert reader.done == 6  # the same reader
        assert reader.log().loss[-1] == 5
        xarray.open_datatree(tmp_path / "run.h5", engine="h5netcdf").close()
        code = "import sys; from neurorec.runs.run_writer import RunWriter; RunWriter.open(sys.argv[1])"
        second = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run.h5")], capture_output=True, text=True, timeout=60)
    assert "is being written by another process" in second.stderr


def raw_blocks(file):
    """Where in the file the datasets' values lie: offsets and lengths in bytes."""
    found = []
    file.visititems(
        lambda name, item: found.append((item.id.get_offset(), item.id.get_storage_size())) if isinstance(item, h5py.Dataset) else None
    )
    return [(offset, size) for offset, size in found if offset is not None]


def test_a_reader_is_in_nobodys_way(tmp_path):
    path = tmp_path / "run.h5"
    small(path).close()
    reader = RunReader.open(path)
    assert reader.done == 0
    with RunWriter.open(path) as writer:
        fill(writer, 0, 3)
        assert reader.done == 3
    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        assert tree["log"].loss[2] == reader.log().loss[2] == 2
        with pytest.raises(RunFileError, match="is open for reading in this process; close it first"):
            RunWriter.open(path)
    path.unlink()
    with pytest.raises(RunFileError, match="there is no file"):
        reader.log()


def test_a_reader_in_another_process_sees_a_live_run(tmp_path):
    with small(tmp_path / "run.h5") as run:
        fill(run, 0, 6)
        code = (
            "import sys; from neurorec.runs.run_reader import RunReader; r = RunReader.open(sys.argv[1]); print(r.done, r.log().loss.size)"
        )
        seen = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run.h5")], capture_output=True, text=True, timeout=60)
    assert seen.stdout == "6 6\n", seen.stderr


# Crashes --------------------------------------------------------------------------------------------------------------


def test_training_touches_raw_data_only(tmp_path):
    """Byte for byte: after creation nothing outside the datasets' own blocks changes, the length neither."""
    path = tmp_path / "run.h5"
    run = small(path)
    raw = raw_blocks(run.reader.file)
    before = np.frombuffer(path.read_bytes(), np.uint8).copy()
    for first in range(20):
        fill(run, first, first + 1)
        run.finish(trained(run, first))
    after = np.frombuffer(path.read_bytes(), np.uint8).copy()
    run.close()
    assert len(path.read_bytes()) == len(before)
    assert len(after) == len(before)
    for offset, size in raw:
        before[offset : offset + size] = after[offset : offset + size] = 0
    assert np.array_equal(before, after)
    assert sum(size for _, size in raw) > 2000


VICTIM = """
import sys
import numpy as np
from neurorec.hdf5.states import State
from neurorec.runs.run_writer import RunWriter

def live(ready):
    run = RunWriter.open(sys.argv[1])
    slots, network, k = np.empty(run.reader.state()[3].shape), run.reader.initial(), run.reader.done
    first = k + 1
    while True:
        k += 1
        row = k % run.reader.total
        run.write_log(row, {"loss": np.array([float(k)])})
        run.write_trajectories([row], {"h": np.full((6, 1, network.units), k)})
        run.flush()
        slots[:] = k
        run.checkpoint(State(k, 10 * k, slots[0], slots))
        run.finish(network.replace(recurrent=np.full(network.recurrent.shape, k), readout=np.full(network.readout.shape, k)))
        if k == first:
            ready()  # it has written all once: however slow the machine, each gets on before it is killed
"""
KILLS = 15


def test_a_killed_training_is_never_lost(tmp_path):
    """SIGKILL at random moments of a writer that does nothing but write; what it had done is never lost again."""
    path, weights = tmp_path / "run.h5", 200_000  # 0.8 MB, so that many kills fall into the middle of a state
    net = Network.random(0, UNITS, OUTPUTS)
    vector, slots = np.zeros(weights, np.float32), np.zeros((2, weights), np.float32)
    new(path, net, Record("h"), 100_000, vector=vector, slots=slots).close()
    rng, done, networks = np.random.default_rng(0), 0, 0
    with Victims(VICTIM, path) as victims:
        for _ in range(KILLS):
            victims.kill_one(rng.uniform(0.02, 0.2))
            run = RunReader.open(path)
            trial, updates, vector, slots, _ = run.state()
            assert updates == 10 * trial
            assert (vector == trial).all()
            assert (slots == trial).all()
            assert trial >= done
            done = trial
            loss = run.log().loss
            assert loss.max() in (done, done + 1)  # what was flushed is there
            networks += network_is_whole(run, net)
    assert done >= KILLS
    assert networks > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xarray.open_datatree(path, engine="h5netcdf").close()


def network_is_whole(run, initial):
    """False where the kill fell into its writing, which is said; never half of one and half of another."""
    try:
        network = run.network()
    except RunFileError:
        return False
    if (network.recurrent == initial.recurrent).all():
        assert (network.readout == initial.readout).all()
    else:
        assert np.unique(np.concatenate([network.recurrent.ravel(), network.readout.ravel()])).size == 1
    return True


# Record ---------------------------------------------------------------------------------------------------------------


@given(
    steps=st.integers(1, 12),
    every=st.integers(1, 12),
    units=st.none() | st.lists(st.integers(0, 4), min_size=1, unique=True),
    reduce=st.sampled_from([None, "mean", "last", "maximum"]),
    name=st.sampled_from(["h", "output", "input", "target"]),
    seed=st.integers(0, 100),
)
@settings(deadline=None)
def test_pick_is_the_literal_loop(steps, every, units, reduce, name, seed):
    array = np.random.default_rng(seed).standard_normal((steps, 3, 5)).astype(np.float32)
    record = Record(name, steps=every, units=units, reduce=reduce)
    if every > steps:
        with pytest.raises(ValueRefused, match="keeps nothing"):
            record.pick(name, array)
        return
    kept, times = [], []
    for t in range(steps):
        if (t + 1) % every == 0:
            kept.append([[row[c] for c in (range(5) if units is None or name != "h" else units)] for row in array[t]])
            times.append((t + 1) * DT)
    literal = np.array(kept)
    if reduce is not None:
        literal = {"mean": np.mean, "maximum": np.max, "last": lambda a, axis: a[-1]}[reduce](literal.astype(float), axis=0)[None]
        times = times[-1:]
    picked = record.pick(name, array)
    assert picked.dtype == np.float32
    np.testing.assert_allclose(picked, literal, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(record.times(steps, DT), times)


@given(every=st.integers(1, 9), first=st.integers(0, 30), length=st.integers(0, 30))
def test_recorded_trials(every, first, length):
    expected = [k for k in range(first, first + length) if k % every == 0]
    assert Record(every=every).trials(first, first + length).tolist() == expected
    assert Record(()).trials(first, first + length).size == 0


@given(total=st.integers(1, 1000), batch=st.integers(1, 50), checkpoints=st.integers(1, 20))
def test_snapshots_are_at_the_ends_of_batches(total, batch, checkpoints):
    planned = Record(checkpoints=checkpoints).snapshots(total, batch)
    assert planned[0] == 0
    assert len(planned) <= checkpoints
    assert planned[-1] == (total if checkpoints > 1 else 0)
    assert all(n % batch == 0 or n == total for n in planned)
    assert list(planned) == sorted(set(planned))


def test_record_goes_through_json():
    for record in (Record(), Record.nothing(), Record("h", every=3, steps=2, units=range(3), reduce="mean")):
        assert Record.from_dict(json.loads(json.dumps(record.as_dict()))) == record
    assert Record("h").variables == ("h",)
    assert Record(units=np.arange(2)).units == (0, 1)
    with pytest.raises(ValueRefused, match="no setting of Record named 'evry'"):
        Record.from_dict({"evry": 2})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"every": 0}, "every must be a whole number from 1, got 0"),
        ({"steps": 1.5}, "steps must be a whole number from 1"),
        ({"checkpoints": 0}, "checkpoints must be a whole number from 1"),
        ({"reduce": "max"}, "reduce must be 'mean', 'last', 'maximum' or None, got 'max'"),
        ({"units": [1, 1]}, "units must name at least one unit, each once"),
        ({"units": []}, "units must name at least one unit"),
        ({"units": [-1]}, "each of units must be a whole number from 0, got -1"),
        ({"units": 3}, "units must be a sequence of unit numbers"),
        ({"variables": ("h", "h")}, "variables must be names, each once"),
        ({"variables": (1,)}, "variables must be names"),
    ],
)
def test_record_refuses_in_words(wrong, message):
    with pytest.raises(ValueRefused, match=message):
        Record(**wrong)
