"""What is seen of a training while it runs, and how one's own function stops it: the file whole, the rest to be resumed."""

from __future__ import annotations

import numba
import numpy as np
import pytest

import neurorec as nr
from neurorec import progress
from neurorec.formula.compiling import CompileWatch
from neurorec.progress import Progress

TASK = nr.task("periodic_output", period=0.4)
SETTINGS = {"trials": 60, "batch": 2, "optimiser": "adam", "rate": 0.003}


def net() -> nr.Network:
    return nr.Network.random(0, 12, 1, noise=0.01)


@pytest.fixture(scope="module")
def straight():
    """A training that nobody stopped."""
    return nr.train(net(), TASK, progress=False, **SETTINGS)


def goes_on_to_the_same_end(path, straight):
    resumed = nr.resume(path, progress=False)
    assert (resumed.network.recurrent == straight.network.recurrent).all() and (resumed.network.readout == straight.network.readout).all()
    assert np.array_equal(resumed.log["loss"].values, straight.log["loss"].values)


# A function of one's own ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, nr.errors.DivergenceError])
def test_what_a_hook_raises_reaches_the_caller_and_nothing_is_lost(error, tmp_path, straight):
    def hook(done, total, loss):
        if done == 22:
            raise error("seen enough")

    path = tmp_path / "run.h5"
    with pytest.raises(error, match="seen enough"):
        nr.train(net(), TASK, path=path, progress=hook, **SETTINGS)
    stopped = nr.open_run(path)
    assert stopped.done == 22 and np.array_equal(stopped.log["loss"].values[:22], straight.log["loss"].values[:22])
    assert (nr.Network.load(path).recurrent == stopped.network.recurrent).all()
    goes_on_to_the_same_end(path, straight)


@pytest.mark.parametrize("no", [False, np.bool_(False)])
def test_a_hook_that_says_no_ends_the_training_with_the_run_so_far(no, tmp_path, straight):
    path = tmp_path / "run.h5"
    run = nr.train(net(), TASK, path=path, progress=lambda done, total, loss: no if done >= 10 else None, **SETTINGS)
    assert (run.done, run.total) == (10, 60)
    assert np.array_equal(run.log["loss"].values, straight.log["loss"].values[:10])
    assert (run.network.recurrent == nr.open_run(path).network.recurrent).all()
    stopped_again = nr.resume(path, progress=lambda done, total, loss: done < 20)
    assert stopped_again.done == 20
    goes_on_to_the_same_end(path, straight)


def test_a_hook_is_told_after_every_batch_and_may_return_what_it_likes():
    told = []
    run = nr.train(net(), TASK, progress=lambda *state: told.append(state) or 0, **SETTINGS)
    assert run.done == 60
    assert [done for done, _, _ in told] == list(range(2, 61, 2)) and {total for _, total, _ in told} == {60}
    assert told[9][2] == pytest.approx(run.log["loss"].values[:20].mean(), rel=1e-6)


def test_a_run_in_memory_that_was_stopped_can_be_saved_and_resumed(tmp_path, straight):
    run = nr.train(net(), TASK, progress=lambda done, total, loss: done < 30, **SETTINGS)
    assert run.done == 30
    goes_on_to_the_same_end(run.save_as(tmp_path / "saved.h5"), straight)


def test_a_stream_stops_where_its_hook_says_no(tmp_path):
    data = nr.Trials(np.zeros((40, 1, 0)))
    recording = nr.stream(net(), data, tmp_path / "s.h5", window=10, progress=lambda done, total, nothing: done < 20)
    found = recording.to_xarray()["output"].values[:, 0, 0]
    assert np.isfinite(found[:20]).all() and np.isnan(found[20:]).all()


# What is seen ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    """Time as the test says."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


def fresh():
    """A function that nobody has compiled."""
    return numba.njit(lambda x: x + 1)


def test_lines_leave_starting_and_compiling_out_of_the_time_left(clock, capsys, monkeypatch):
    with Progress(True, 100) as shown:
        clock(50)  # before the first batch: never again
        shown.advance(10, 0.5)
        clock(10)
        watch = shown.hook.watch
        watch.begin()
        watch.begin()  # within it, a function that it calls
        clock(30)
        watch.end()
        watch.end()
        shown.advance(20, 0.5)
        clock(10)
        shown.advance(30, 0.25)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "trial 10/100  compiling",
        "trial 20/100  loss 0.5  90 s, 80 s left",  # 10 trials took 10 s
        "trial 30/100  loss 0.25  100 s, 70 s left",
    ]


def test_compiling_is_told_when_numba_compiles(capsys):
    pytest.importorskip("numba.cuda.core.event", reason="numba-cuda is an extra")  # whose compiler has events of its own beside
    told = []
    with CompileWatch(told.append) as watch:
        compiled = fresh()
        assert told == []
        compiled(1)
        assert told == [True, False] and watch.seconds > 0
        compiled(2)
        assert told == [True, False]
    fresh()(1)
    assert told == [True, False], "it still listens after its end"
    with Progress(True, 10) as shown:
        fresh()(1)
        shown.advance(10, 1.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "trial 0/10  compiling" and lines[-1].startswith("trial 10/10  loss 1")


def test_a_bar_in_a_terminal_shows_all_of_it(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with Progress(True, 40, 4) as shown:
        assert type(shown.hook.view) is progress._Terminal
        task = shown.hook.view.bar.tasks[0]
        assert (task.completed, task.total, task.fields["text"]) == (4, 40, "starting")
        shown.hook.watch.begin()
        assert task.fields["text"] == "compiling"
        shown.hook.watch.end()
        shown.advance(40, 0.5)
        assert (task.completed, task.fields["text"], task.fields["left"]) == (40, "loss 0.5", "0:00:00")
    assert "40/40" in capsys.readouterr().err


def test_nothing_is_shown_where_nothing_is_asked_for(capsys):
    with Progress(False, 10) as shown:
        assert shown.advance(5, 0.1)
    assert capsys.readouterr() == ("", "")
