"""Sweeps finish, whatever happens to their processes, to the bits of one process that is left alone; and refuse what cannot work."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from kills import at_work, different, killing, sweep_in, until_done

import neurorec as nr
from neurorec.discovery import load
from neurorec.runs.run_reader import RunReader
from neurorec.sweeps import claims
from neurorec.sweeps.folder import read_plan
from neurorec.sweeps.processes import READY, _Pool
from neurorec.sweeps.toml_text import written

REFERENCE = {"engine": "reference", "trials": 6}
FILE = """
task = {name = "periodic_output", period = 0.1}
[network]
units = 5
[training]
engine = "reference"
trials = 6
[record]
checkpoints = 1
[over]
training.rate = [0.01, 0.03]
seed = [0, 1]
"""


def small(folder, **changes):
    made = {
        "record": {"checkpoints": 1},
        "task": {"name": "periodic_output", "period": 0.1},
        "network": {"units": 5},
        "training": REFERENCE,
    }
    return nr.Sweep(folder, **made | {"over": {"training.rate": [0.01, 0.03], "seed": range(2)}} | changes)


def program(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "neurorec.cli", *map(str, words)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def peaceful(tmp_path_factory):
    """A sweep that was left alone."""
    sweep = small(tmp_path_factory.mktemp("sweep") / "peaceful")
    assert sweep.run(progress=False).done == 4
    return sweep


# What is trained ------------------------------------------------------------------------------------------------------


def test_a_point_is_the_training_that_its_settings_say(peaceful):
    run = nr.open_run(peaceful.paths.sel(rate=0.03, seed=1).item())
    net = nr.Network.random(0, 5, 1, dt=0.01, seed=1)
    alone = nr.train(net, nr.task("periodic_output", period=0.1), engine="reference", trials=6, rate=0.03, seed=1, progress=False)
    assert np.array_equal(run.network.recurrent, alone.network.recurrent)
    assert np.array_equal(run.log["loss"], alone.log["loss"])


def test_results_are_arrays_over_the_dimensions_of_the_sweep(peaceful):
    log, final = peaceful.log, peaceful.final
    assert log.loss.dims == ("rate", "seed", "trial") and log.loss.shape == (2, 2, 6)
    run = nr.open_run(peaceful.paths.sel(rate=0.01, seed=1).item())
    assert np.array_equal(log.loss.sel(rate=0.01, seed=1), run.log["loss"])
    assert np.array_equal(log.loss[:, 1, ::2][0], run.log["loss"][::2])
    assert np.array_equal(final.recurrent.sel(rate=0.01, seed=1), run.network.recurrent)
    assert final.loss.sel(rate=0.01, seed=1) == pytest.approx(run.log["loss"].values.mean())
    assert (final.state == "done").all()


def test_what_is_looked_at_is_read_and_nothing_else(peaceful, monkeypatch):
    read, newest = [], RunReader.newest
    monkeypatch.setattr(RunReader, "newest", lambda run: read.append(run.path) or newest(run))
    monkeypatch.setattr(RunReader, "open", None)
    log = peaceful.log
    assert not read
    assert np.isfinite(log.loss.isel(rate=0).mean("trial").values).all()
    assert len(read) == 2


def test_any_setting_may_differ_and_lists_of_points_too(tmp_path):
    points = [{"training.optimiser.beta1": 0.8}, {"network.parameters.tau": 0.2, "training.clip": None}, {"network": {"cell": "gru"}}]
    sweep = small(tmp_path / "list", over=None, points=points, training=REFERENCE | {"optimiser": "adam"})
    assert sweep.run(progress=False).done == 3
    runs = [nr.open_run(path) for path in sweep.paths.values]
    assert [run.config["optimiser_settings"]["beta1"] for run in runs] == [0.8, 0.9, 0.9]
    assert [run.network.cell for run in runs] == ["leaky_tanh", "leaky_tanh", "gru"]
    assert np.allclose(runs[1].network.parameters["tau"], 0.2)
    assert sweep.log.loss.dims == ("point", "trial") and np.isfinite(sweep.log.loss).all()
    assert "recurrent" not in sweep.final  # of two sizes


def test_a_sweep_may_grow_but_keeps_what_it_trained(peaceful, tmp_path):
    sweep = small(tmp_path / "a", over={"seed": [0]})
    sweep.run(progress=False)
    before = Path(sweep.paths.item(0)).stat().st_mtime_ns
    grown = small(tmp_path / "a", over={"seed": [0, 7]})
    assert grown.run(progress=False).done == 2
    assert Path(grown.paths.sel(seed=0).item()).stat().st_mtime_ns == before
    with pytest.raises(nr.errors.ValueRefused, match=r"holds another sweep, whose point 0 \(seed 0\) is not in this one"):
        small(tmp_path / "a", over={"seed": [7]})


def test_arrays_classes_and_objects_are_kept_as_plain_settings(tmp_path):
    from neurorec.learning.optimisers.adam import Adam

    training = REFERENCE | {"optimiser": Adam(beta1=np.float64(0.8))}
    over = {"training.rate": np.logspace(-3, -1, 2), "network.cell": [load("cells", "leaky_relu"), "gru"]}
    task = nr.task("periodic_output", period=np.float64(0.1))
    sweep = small(tmp_path / "plain", task=task, training=training, over=over | {"seed": np.arange(1)})
    sweep.run(progress=False, index=0, of=4)
    assert [point.name for point in nr.Sweep.open(sweep.folder).points] == [point.name for point in sweep.points]
    with pytest.raises(nr.errors.ValueRefused, match="arrays have no name"):
        small(tmp_path / "arrays", task=nr.Trials(np.zeros((2, 1, 1)), np.zeros((2, 1, 1))))


# Who trains it --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_workers_that_are_killed_change_nothing(tmp_path):
    peace, war = (sweep_in(tmp_path / name, 20, 60, "reference") for name in ("peace", "war"))
    peace.run(progress=False)
    with killing(lambda: at_work(war.folder), 0.5, most=2) as killed:
        until_done(war, workers=2)
    assert killed and war.status().done == 20
    assert different(peace, war) == []
    assert not list((war.folder / "claims").iterdir())


@pytest.mark.slow
def test_a_point_that_kills_its_worker_is_tried_twice_and_takes_no_other_with_it(tmp_path):
    sweep = nr.Sweep(tmp_path / "mortal", "mortal:Mortal", {"units": 3}, REFERENCE | {"trials": 20}, {"task.fatal": [True, False]})
    found = sweep.run(workers=2, progress=False)
    assert (found.done, found.failed) == (1, 1)
    assert all(said.startswith("2 processes died over it") for said in found.failures.values())
    assert [point.split(" (")[1] for point in found.failures] == ["task.fatal true)"]
    results = [path.stat().st_mtime_ns for path in (sweep.folder / "results").iterdir()]
    assert sweep.run(progress=False).failed == 1  # not even begun: it would kill this process
    assert [path.stat().st_mtime_ns for path in (sweep.folder / "results").iterdir()] == results


def test_where_workers_come_from_may_die_too(tmp_path):
    with _Pool(rehearse=False) as pool:
        pool._nursery._process.kill()
        pool._nursery._process.wait()
        pool.start()
        while not pool.idle:
            assert [worker.answer() for worker in pool.heard()] in ([], [READY])
        pool.start()
        pool._nursery._process.kill()  # perhaps before it has forked: those whom it has forked live on
        (worker,) = pool.idle
        worker.ask((str(tmp_path / "0123456789abcdef.h5"), False, False))
        assert "sweep.toml" in worker.answer()["error"]
        worker.task = None


def test_a_dask_client_and_whatever_has_a_submit(peaceful, tmp_path):
    from distributed import Client

    sweep, other = small(tmp_path / "dask"), small(tmp_path / "threads")
    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        assert sweep.run(client=client, progress=False).done == 4
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert other.run(client=pool, progress=False).done == 4
    assert different(peaceful, sweep) == different(peaceful, other) == []


def test_tasks_of_an_array_share_the_points(peaceful, tmp_path):
    sweep = small(tmp_path / "array")
    assert [sweep.run(index=k, of=3, progress=False).done for k in range(3)] == [2, 3, 4]
    assert different(peaceful, sweep) == []


def test_an_executor_that_is_lost_is_a_sentence(tmp_path):
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(nr.errors.RunFileError, match="the executor does not go on .*what was trained is in the files"):
        small(tmp_path / "lost").run(client=pool, progress=False)


# Claims ---------------------------------------------------------------------------------------------------------------


def test_a_claim_belongs_to_one(tmp_path):
    claim = claims.claimed(tmp_path, "point", 3)
    assert isinstance(claim, claims.Claim)
    other = claims.claimed(tmp_path, "point", 3)
    assert (other.pid, other.begun) == (os.getpid(), 3)
    claim.release()
    again = claims.claimed(tmp_path, "point", 5)
    again.release()
    assert not list((tmp_path / "claims").iterdir())


def write(folder, number, seconds=0.0, name="point", **changes):
    """A claim of somebody, so many seconds old."""
    path = folder / "claims" / f"{name}.{number}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(vars(claims.myself(7)) | changes))
    os.utime(path, (time.time() - seconds,) * 2)
    return path


@pytest.mark.parametrize(
    ("seconds", "changes", "alive"),
    [
        (0, {}, True),
        (1e4, {}, True),  # of this machine: its process lives, however long it was silent
        (0, {"started": 1}, False),  # its number is another process's by now
        (0, {"pid": 2**30}, False),
        (0, {"machine": "elsewhere"}, True),
        (claims.STALE + 9, {"machine": "elsewhere"}, False),
    ],
)
def test_a_dead_claim_is_taken_over_and_counted(tmp_path, seconds, changes, alive):
    write(tmp_path, 0, seconds, **changes)
    found = claims.claimed(tmp_path, "point", 7)
    assert isinstance(found, claims.Owner) == alive
    if not alive:
        assert claims.deaths(tmp_path, "point", 7) == 1
        assert claims.deaths(tmp_path, "point", 8) == 0  # it has come further since
        found.release()


def test_of_many_at_once_one_has_the_claim(tmp_path):
    write(tmp_path, 0, started=1)  # of a dead process
    inside, together = [], []

    def claim_it(_):
        found = claims.claimed(tmp_path, "point", 1)
        if isinstance(found, claims.Claim):
            inside.append(1)
            together.append(len(inside))
            time.sleep(1e-3)
            inside.pop()
            found.release()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(claim_it, range(100)))
    assert together and max(together) == 1


def test_a_run_that_was_taken_over_is_left_to_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BEAT", 1e-3)
    sweep, claimed = small(tmp_path / "lost", over={}, training=REFERENCE | {"trials": 3000}), claims.claimed

    def taken_over(folder, name, done):
        claim = claimed(folder, name, done)
        write(folder, 1, name=name)
        return claim

    monkeypatch.setattr("neurorec.sweeps.work.claimed", taken_over)
    found = sweep.run(progress=False)
    assert (found.done, found.failed, found.running) == (0, 0, 1)  # by the one who wrote the other claim: this process
    assert 0 < nr.open_run(sweep.paths.values.item()).done < 3000


def test_a_claim_cut_off_at_its_birth_is_dead_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BIRTH", 0.05)
    write(tmp_path, 0).write_text("")
    claims.claimed(tmp_path, "point", -1).release()


def test_a_claim_that_was_taken_over_is_known_to_be_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BEAT", 0.01)
    claim = claims.claimed(tmp_path, "point", -1)
    time.sleep(0.1)
    assert not claim.lost
    write(tmp_path, 1)
    time.sleep(0.2)
    assert claim.lost
    claim.release()


# Files and the command line -------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@hypothesis.given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_toml_says_what_was_written(said):
    assert tomllib.loads(written(said)) == said


def test_a_file_describes_the_same_points_as_python(peaceful, tmp_path):
    (tmp_path / "rates.toml").write_text(FILE)
    sweep = nr.Sweep.open(tmp_path / "rates.toml")
    assert sweep.folder == tmp_path / "rates"
    names = [point.name for point in peaceful.points]
    assert [point.name for point in sweep.points] == [point.name for point in nr.Sweep.open(peaceful.folder).points] == names
    assert names[0] == "6d65eafcc97a4cae"  # for ever: files are found by it


def test_a_signal_ends_the_batch_and_asks_to_be_run_again(tmp_path):
    text = FILE.replace("trials = 6", "trials = 3000").replace("seed = [0, 1]", "seed = [0]")
    (tmp_path / "a.toml").write_text(text)
    process = program("sweep", tmp_path / "a.toml", "--quiet")
    while not list((tmp_path / "a").glob("*.h5")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    second = program("sweep", tmp_path / "a", "--index", "0", "--of", "2")
    said = second.communicate()[1]
    assert f"is being trained by process {process.pid} on" in said and second.returncode == 0
    process.send_signal(signal.SIGUSR1)
    _, said = process.communicate()
    assert (process.returncode, said.count("\n")) == (85, 1) and said.endswith(f"go on with: neurorec sweep {tmp_path / 'a'}\n")
    found = nr.Sweep.open(tmp_path / "a").status()
    assert (found.done, found.running, found.failed, found.left) == (0, 0, 0, 2)
    begun = [run for path in (tmp_path / "a").glob("*.h5") if (run := nr.open_run(path))]
    assert [0 < run.done < 3000 for run in begun] == [True]
    rest = read_plan(tmp_path / "a" / "sweep.toml").points[0]
    assert rest.name == begun[0].path.stem


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[training]", "[trainin]", "did you mean 'training'?"),
        ("training.rate", "training.rte", "did you mean 'rate'?"),
        ("units = 5", "unit = 5", "did you mean 'units'?"),
        ("period =", "perio =", "did you mean 'period'?"),
        ("[0, 1]", "[]", "a sweep of 0 points"),
        ("[0, 1]", "[1, 1]", "have the same settings"),
        ("[0.01, 0.03]", "[0.01, -3]", "point 2 (training.rate -3, seed 0) cannot be trained"),
        ('"reference"', '"numba"\nrule = "kf_rtrl_misspelt"', "cannot be trained: no rule named"),
        ('"periodic_output"', '"mortal:Mortal"', "not neurorec's own"),
        ("units = 5", "units = ", "is no TOML"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_lost(tmp_path, monkeypatch, capsys, old, new, said):
    from neurorec import cli

    (tmp_path / "bad.toml").write_text(FILE.replace(old, new))
    monkeypatch.setattr(sys, "argv", ["neurorec", "sweep", str(tmp_path / "bad.toml")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    assert (end.value.code, out, err.count("\n")) == (2, "", 1) and said in err, err
    assert not (tmp_path / "bad").exists()


def test_results_and_claims_of_somebody_else_are_data(tmp_path):
    sweep = small(tmp_path / "odd")
    sweep.run(progress=False)
    paths = sorted((sweep.folder / "results").iterdir())
    content = json.loads(paths[0].read_text())
    for path, odd in zip(
        paths, ({"seconds": "x", "loss": []}, {"sizes": {"recurrent": [2**40, 2**40]}}, {"state": "\x1b[2J"}, {}), strict=True
    ):
        path.write_text(json.dumps(content | odd))
    write(sweep.folder, 0, seconds=60, name=paths[0].stem, pid="../1")
    found = sweep.status()
    assert (found.done, found.left, found.running) == (3, 1, 0)
    assert "recurrent" not in sweep.final and np.isnan(sweep.final.loss).sum() == 2


def test_a_failure_is_told_kept_and_tried_again_only_if_asked(tmp_path, capsys):
    sweep = small(tmp_path / "wild", over={"training.rate": [0.01, 1e6]})
    found = sweep.run()
    assert (found.done, found.failed, found.left) == (1, 1, 0)
    sentence = found.failures["point 1 (training.rate 1000000.0)"]
    assert "became unstable" in sentence and sentence in capsys.readouterr().err
    result = next(path for path in (sweep.folder / "results").iterdir() if "failed" in path.read_text())
    before = result.stat().st_mtime_ns
    assert sweep.run().failed == 1 and result.stat().st_mtime_ns == before
    assert sweep.run(again=True).failed == 1 and result.stat().st_mtime_ns != before
    assert np.isnan(sweep.final.loss.sel(rate=1e6))
