"""Networks side by side: each has the bits of its training alone, whatever the threads; one file holds all; what is wrong names the network."""

from __future__ import annotations

import copy
import json
import pickle
import textwrap
import warnings

import numpy as np
import pytest
import xarray
from breadth import examples
from hypothesis import given
from hypothesis import strategies as st
from kills import same
from victims import Victims

import neurorec as nr
from neurorec.cli import app
from neurorec.cli.exits import status_of
from neurorec.engines.numba import NumbaEngine
from neurorec.errors import DivergenceError, DivergenceWarning, NotOffered, RunFileError, ShapeError, ValueRefused

TASK = nr.task("periodic_output", period=0.3)
RATES = {"sgd": 0.03, "adam": 0.003}


def net(seed: int = 0, units: int = 12, **settings) -> nr.Network:
    return nr.Network.random(0, units, 1, initial=0.1, seed=seed, **settings)


NETS = [net(seed, noise=0.01 * seed) for seed in range(3)]


def alone(networks, **settings) -> list[nr.Run]:
    """One by one; lists in settings have a value each."""
    each = [{name: v[k] if isinstance(v, list) else v for name, v in settings.items()} for k in range(len(networks))]
    return [nr.train(network, TASK, progress=False, **how) for network, how in zip(networks, each, strict=True)]


def assert_same(runs: nr.Runs, others: list[nr.Run]) -> None:
    assert len(runs) == len(others)
    assert all(same(ours, theirs) for ours, theirs in zip(runs, others, strict=True))


@examples(6)
@given(st.data())
def test_networks_side_by_side_have_the_bits_of_each_alone(drawn):
    draw = lambda *choices: drawn.draw(st.sampled_from(choices))  # noqa: E731
    optimiser, batch = draw(*RATES), draw(1, 3)
    how = {
        "rule": draw("rflo", "bptt"), "optimiser": optimiser, "rate": draw(RATES[optimiser], [0.01, 0.002, 0.0]), "seed": draw(3, [5, 0, 5]),
        "clip": draw(None, [0.02, 0.5, 1.0]), "stop_below": draw(None, [0.25, 0.2, 0.1]), "anneal": draw(1.0, 0.2), "batch": batch,
        "start": draw("initial", "carried"), "trials": draw(40, 130), "update": draw("trial", "trial", "step") if batch == 1 else "trial",
        "record": nr.Record(("h", "output"), every=draw(1, 7), checkpoints=2),
    }  # fmt: skip
    progress = draw(False, lambda *state: None)
    runs = nr.train(NETS, TASK, engine=NumbaEngine(threads=draw(1, 2, 5)), progress=progress, **how)
    assert_same(runs, alone(NETS, **how))


def test_an_engine_that_works_at_one_network_at_a_time_takes_many_too():
    how = {"engine": "reference", "trials": 4, "seed": [1, 2]}
    assert_same(nr.train(NETS[:2], TASK, progress=False, **how), alone(NETS[:2], **how))


def test_copies_have_the_seeds_that_follow_and_the_same_first_weights():
    runs = nr.train(NETS[1], TASK, copies=3, seed=4, trials=20, progress=False)
    assert [run.config["seed"] for run in runs] == [4, 5, 6]
    assert all(np.array_equal(run.checkpoint(0).recurrent, NETS[1].recurrent) for run in runs)
    assert_same(runs, alone([NETS[1]] * 3, seed=[4, 5, 6], trials=20))


def test_networks_that_see_the_same_trials_have_them_made_once(monkeypatch):
    made, task_class = [], type(TASK)
    before = task_class.trials
    monkeypatch.setattr(
        task_class, "trials", lambda task, n, seed=0, first=0: made.append((first, n, seed)) or before(task, n, seed, first)
    )
    for seeds, times in ((3, [1, 0, 0]), ([3, 4, 5], [1, 1, 1])):
        nr.train(NETS, TASK, engine=NumbaEngine(threads=1), trials=2, batch=2, seed=seeds, progress=False)
        assert [made.count((0, 2, seed)) for seed in (3, 4, 5)] == times
        made.clear()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Three networks in a file, trained in two threads."""
    path = tmp_path_factory.mktemp("set") / "runs.h5"
    how = {"trials": 60, "seed": [0, 1, 2], "rate": [0.01, 0.02, 0.03], "path": path, "progress": False}
    runs = nr.train(NETS, TASK, engine=NumbaEngine(threads=2), record=nr.Record("h", every=20, checkpoints=3), **how)
    assert runs.path == path
    return path


@pytest.fixture
def each():
    how = {"trials": 60, "seed": [0, 1, 2], "rate": [0.01, 0.02, 0.03]}
    return alone(NETS, record=nr.Record("h", every=20, checkpoints=3), **how)


def test_a_file_of_many_is_one_file_whose_runs_are_ordinary(path, each, tmp_path):
    runs = nr.open_run(path)
    assert_same(runs, each)
    assert [run.config["rate"] for run in runs] == [0.01, 0.02, 0.03] and runs[-1].network.noise == NETS[2].noise
    assert runs[1].checkpoints == (0, 30, 60) and np.array_equal(runs[1].checkpoint(30).recurrent, each[1].checkpoint(30).recurrent)
    assert runs[1].config == each[1].config | {"engine_settings": {"threads": 2}} and runs[1].about["seed_entropy"] == 1
    assert runs.log.sizes == {"network": 3, "trial": 60} and runs.done == [60, 60, 60]
    assert np.array_equal(runs.log["loss"].sel(network=2), each[2].log["loss"])
    assert runs.trajectories("h").h.dims == ("network", "time", "trial", "unit")
    assert "3 networks" in repr(runs) and "rate 0.02" in repr(runs[1])
    assert "rate of each" in repr(runs)
    own = nr.open_run(runs[1].save_as(tmp_path / "one.h5"))
    assert same(own, each[1]) and {part.status for part in own.check()} == {"whole"}
    nr.plots.overview(runs[1])
    nr.plots.learning_curve(runs)


def test_xarray_opens_it_with_a_dimension_over_networks(path):
    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        assert tree["log"]["loss"].dims == ("network", "trial") and tree["trajectories"]["h"].dims == ("network", "time", "trial", "unit")
        assert tree["network"]["recurrent"].dims[0] == "network"
        assert tree["networks"]["noise"].values.tolist() == [0.0, 0.01, 0.02]
        assert json.loads(tree["networks"]["config"].values[2])["rate"] == 0.03


def test_many_go_on_from_where_they_were_and_can_be_made_longer(tmp_path, each):
    path, how = tmp_path / "runs.h5", {"seed": [0, 1, 2], "rate": [0.01, 0.02, 0.03]}
    stopped = nr.train(
        NETS, TASK, trials=60, path=path, progress=lambda done, *rest: done < 50, record=nr.Record("h", every=20, checkpoints=3), **how
    )
    assert 50 <= sum(stopped.done) < 180
    assert_same(nr.resume(path, progress=False), each)
    assert_same(
        nr.resume(path, trials=90, progress=False),
        [nr.resume(run.save_as(tmp_path / f"{k}.h5"), 90, progress=False) for k, run in enumerate(each)],
    )
    assert {part.status for part in nr.open_run(path).check()} == {"whole"}
    assert_same(nr.open_run(nr.open_run(path).save_as(tmp_path / "copy.h5")), list(nr.open_run(path)))
    with pytest.raises(ValueRefused, match="has done 90"):
        nr.resume(path, trials=10, progress=False)


SCRIPT = textwrap.dedent("""
    import sys
    from pathlib import Path
    import neurorec as nr
    from neurorec.engines.numba import NumbaEngine
    from neurorec.runs import trial_log

    trial_log.FLUSH_SECONDS = 0.01
    path, trials = Path(sys.argv[1]), int(sys.argv[2])
    task = nr.task("periodic_output", period=0.3)
    nets = [nr.Network.random(0, 12, 1, initial=0.1, seed=seed, noise=0.01 * seed) for seed in range(3)]

    def train(trials, **how):
        nr.train(nets, task, trials=trials, seed=range(3), optimiser="adam", rate=0.003, record=nr.Record(every=9), engine=NumbaEngine(threads=2), **how)

    def live(ready):
        said = []
        go = lambda *state: said or said.append(ready())
        nr.resume(path, progress=go) if path.exists() else train(trials, path=path, progress=go)

    train(6, progress=False)  # with all that it loads
""")


def test_kills_change_nothing(tmp_path):
    rng, path, reached, trials = np.random.default_rng(), tmp_path / "runs.h5", [], 1500
    with Victims(SCRIPT, path, trials) as victims:
        for _ in range(3):
            victims.kill_one(rng.uniform(0, 0.2))
            reached.append(nr.open_run(path).done)
    assert all((np.diff(each) >= 0).all() for each in np.transpose(reached))
    how = {"trials": trials, "seed": [0, 1, 2], "optimiser": "adam", "rate": 0.003, "record": nr.Record(every=9)}
    assert_same(nr.resume(path, progress=False), alone(NETS, **how))


@pytest.mark.parametrize("threads", [1, 2])
def test_one_that_diverges_stops_alone_and_is_named(tmp_path, threads):
    path = tmp_path / "runs.h5"
    how = {"rule": "bptt", "rate": [0.01, 1e6, 0.02], "trials": 80}
    with pytest.warns(
        DivergenceWarning, match="^network 1: training became unstable at trial.*; the other 2 went on to their end$"
    ) as said:
        runs = nr.train(NETS, TASK, path=path, engine=NumbaEngine(threads=threads), progress=False, **how)
    assert said[0].filename == __file__
    with pytest.raises(DivergenceError) as error:
        nr.train(NETS[1], TASK, rule="bptt", rate=1e6, trials=80, path=tmp_path / "one.h5", progress=False)
    broken = nr.open_run(tmp_path / "one.h5")
    assert runs.done == [80, broken.done, 80] and broken.done < 80 and "trial" in str(error.value)
    assert np.array_equal(runs[1].network.recurrent, broken.network.recurrent)
    assert_same([runs[0], runs[2]], alone([NETS[0], NETS[2]], rule="bptt", rate=[0.01, 0.02], trials=80))
    assert np.isnan(runs.log["loss"].values[1, broken.done + 1 :]).all()
    with warnings.catch_warnings(), pytest.raises(DivergenceError, match="network 0: .*; network 1: "):
        nr.train(NETS[:2], TASK, rule="bptt", rate=1e6, trials=80, progress=False)


@pytest.mark.parametrize(
    ("networks", "how", "error", "said"),
    [
        ([], {}, ValueRefused, "list of networks is empty"),
        ([NETS[0], net(units=13)], {}, ShapeError, "network 1 has 13 units.*network 0 has 12 units"),
        ([NETS[0], NETS[1], net(cell="leaky_relu")], {}, ShapeError, "network 2 has cell 'leaky_relu', network 0 has cell 'leaky_tanh'"),
        ([NETS[0], NETS[1].replace(plastic=("readout",))], {}, ShapeError, "network 1 has plastic"),
        ([NETS[0], "net"], {}, NotOffered, "network 1 is 'net'"),
        (NETS, {"rate": [0.1, 0.2]}, ShapeError, "rate has 2 values for 3 networks"),
        (NETS, {"seed": range(4)}, ShapeError, "seed has 4 values for 3 networks"),
        (NETS, {"rate": [0.1, -1.0, 0.1]}, ValueRefused, "^network 1: rates must be zero or positive"),
        (NETS, {"trials": [10, 20, 30]}, ValueRefused, "trials is the same for all networks"),
        (NETS, {"copies": 2}, ValueRefused, "copies=2 are of one network"),
        (NETS[0], {"copies": 0}, ValueRefused, "copies must be a whole number from 1"),
        ([net(), net(dt=0.02)], {}, ShapeError, "network 1 has dt 0.02"),
        ([net(dt=0.02)] * 2, {}, ValueRefused, "^network 0: trials have dt"),
        (NETS, {"batch": 10**12}, ValueRefused, "^network 0: a batch of 1000000000000 trials needs"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_in_a_sentence_that_names_the_network(networks, how, error, said):
    with pytest.raises(error, match=said):
        nr.train(networks, TASK, **{"trials": 5, **how}, progress=False)


def test_what_a_file_of_many_cannot_do_is_said(path):
    runs = nr.open_run(path)
    with pytest.raises(RunFileError, match="keeps no analysis of one"):
        runs[0].store_analysis("loss", runs[0].log)
    with pytest.raises(RunFileError, match="holds many networks"):
        nr.Network.load(path)
    with pytest.raises(ValueRefused, match="holds runs of 3 networks"):
        nr.plots.outputs(path)
    with pytest.raises(IndexError):
        runs[3]


def test_damage_names_the_network(path, tmp_path):
    import h5py

    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(path.read_bytes())
    with h5py.File(damaged, "r") as file:
        row = file["log/loss"].id.get_offset() + 8 * (60 + 7)  # of network 1, trial 8
    with damaged.open("r+b") as file:
        file.seek(row)
        file.write(b"\x55")
    runs = nr.open_run(damaged)
    assert [part.name for part in runs.check() if part.status == "damaged"] == ["network 1: /log"]
    assert [part.name for part in runs[1].check() if part.status == "damaged"] == ["network 1: /log"]
    assert runs[0].log.sizes["trial"] == 60
    for read in (lambda: runs[1].log, lambda: runs.log):
        with pytest.raises(RunFileError, match="network 1 of .* is damaged: /log"):
            read()


def test_commands_take_a_file_of_many(path, tmp_path, capsys):
    run = lambda *words: (status_of(app, [*map(str, words)]), capsys.readouterr())  # noqa: E731
    status, said = run("info", path, "--json")
    facts = json.loads(said.out)
    assert status == 0 and facts["networks"] == 3 and facts["seed"] == [0, 1, 2] and facts["done"] == 60
    assert facts["config"]["rate"] == [0.01, 0.02, 0.03]
    assert [run(*words)[0] for words in (("info", path), ("check", path), ("resume", path, "--json"))] == [0, 0, 0]
    assert run("plot", path, "--kind", "learning-curve", "--out", tmp_path / "all.png")[0] == 0
    status, said = run("fixed-points", path)
    assert status == 2 and "runs of 3 networks" in said.err


def test_runs_in_memory_can_be_copied_and_sent(path):
    runs = nr.train(NETS[:2], TASK, trials=10, progress=False)
    assert_same(pickle.loads(pickle.dumps(runs)), list(runs))
    assert_same(copy.copy(nr.open_run(path)), list(nr.open_run(path)))


def test_lists_of_networks_are_simulated_side_by_side(tmp_path):
    trials, engine = TASK.trials(2), NumbaEngine(threads=2)
    both = nr.simulate(NETS, trials, engine=engine, seed=[1, 2, 3])
    for k, (ours, theirs) in enumerate(zip(both, [nr.simulate(one, trials, seed=k + 1) for k, one in enumerate(NETS)], strict=True)):
        assert np.array_equal(ours.states["h"], theirs.states["h"]) and np.array_equal(ours.loss, theirs.loss), k
    changes = nr.weight_change(NETS, trials, rule="bptt", engine=engine)
    for ours, one in zip(changes, NETS, strict=True):
        theirs = nr.weight_change(one, trials, rule="bptt")
        assert ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)
    files = [tmp_path / f"{k}.h5" for k in range(3)]
    streamed = nr.stream(NETS, trials, files, engine=engine, seed=[1, 2, 3])
    assert all(np.allclose(each.to_xarray()["h"].values, one.states["h"]) for each, one in zip(streamed, both, strict=True))
    with pytest.raises(ValueRefused, match="one file for 3 networks"):
        nr.stream(NETS, trials, tmp_path / "x.h5")
    with pytest.raises(ShapeError, match="network 1 has 13 units"):
        nr.simulate([NETS[0], net(units=13)], trials)


def test_what_is_kept_of_a_network_changes_no_number():
    network, trials = net(3, noise=0.02), TASK.trials(2)
    for engine in ("numba", NumbaEngine(), NumbaEngine(threads=1)):
        first, change = nr.simulate(network, trials, engine=engine), nr.weight_change(network, trials, engine=engine)
        nr.train(network, TASK, trials=30, engine=engine, progress=False)
        nr.simulate(network.replace(recurrent=-network.recurrent), trials, engine=engine)
        again, repeated = nr.simulate(network, trials, engine=engine), nr.weight_change(network, trials, engine=engine)
        assert np.array_equal(first.outputs, again.outputs)
        assert all(np.array_equal(change[name], repeated[name]) for name in change)
        other = nr.weight_change(network, trials, engine=engine, feedback="symmetric")
        assert not np.array_equal(other["recurrent"], change["recurrent"])
