"""A disk that is full or fails, and memory that is too small: a sentence, and nothing lost that was whole."""

from __future__ import annotations

import errno
import os
import resource
from contextlib import contextmanager

import h5py
import numpy as np
import pytest
from test_publish import done_in, run_at

import neurorec as nr
from neurorec.circuits import SequenceLoop
from neurorec.errors import RunFileError, ValueRefused
from neurorec.hdf5.states import State
from neurorec.process.memory import expect_memory, free_memory, readable_size
from neurorec.runs.record import Record
from neurorec.runs.run_writer import RunWriter

TASK = nr.task("periodic_output", period=0.4)
STATE = np.arange(3.0), np.zeros((0, 3))


def net(**settings):
    return nr.Network.random(0, 12, 1, **settings)


def fill_up():
    """From here on the system refuses, for real, to write beyond the first byte of any file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def full_after(count):
    """A hook."""
    return lambda done, total, loss: fill_up() if done == count else None


@contextmanager
def room_afterwards():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


WRITES = {
    "log": lambda run: run.write_log(2, {"loss": np.ones(1)}),
    "trajectories": lambda run: run.write_trajectories([2], {"h": np.ones((6, 1, 4))}),
    "checkpoint": lambda run: run.checkpoint(State(3, 3, *STATE)),
    "snapshot": lambda run: run.snapshot(5, run.reader.initial()),
    "network": lambda run: run.finish(run.reader.initial()),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_the_disk_does_not_take_is_a_sentence_and_the_rest_is_whole(tmp_path, name):
    path = tmp_path / "run.h5"
    run = run_at(path)
    run.checkpoint(State(2, 2, *STATE))
    said = rf"^cannot write {path} \(File too large\); it is whole up to trial 2: .* then go on with nr.resume\('{path}'\)$"
    with room_afterwards(), pytest.raises(RunFileError, match=said):
        fill_up()
        WRITES[name](run)
    run.close()
    with RunWriter.open(path) as again:
        assert again.reader.done == 2
        WRITES[name](again)


@pytest.mark.parametrize("method", ["flush", "close"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_so_is_a_device_that_fails_at_the_end(tmp_path, monkeypatch, method, code):
    def fail(self):
        raise OSError(code, os.strerror(code))

    run = run_at(tmp_path / "run.h5")
    with monkeypatch.context() as patch:
        patch.setattr(h5py.File, method, fail)
        # what is left is read from the file by one that does close
        patch.setattr(RunWriter, "what_is_left", lambda self: "it is whole up to trial 0") if method == "close" else None
        with pytest.raises(RunFileError, match=rf"\({os.strerror(code)}\); it is whole up to trial 0"):
            getattr(run, method)()
    run.close()


def test_a_device_that_cannot_be_read_either(tmp_path, monkeypatch):
    def fail(self):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    run = run_at(tmp_path / "run.h5")
    with monkeypatch.context() as patch:
        patch.setattr(h5py.File, "flush", fail)
        patch.setattr(RunWriter, "what_is_left", fail)
        with pytest.raises(RunFileError, match=r"\(Input/output error\); what it holds cannot be read either"):
            run.flush()
    run.close()


def test_a_training_on_a_disk_that_fills_up_is_resumed_to_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setattr("neurorec.runs.trial_log.FLUSH_SECONDS", 0.0)
    path, settings = tmp_path / "run.h5", {"trials": 300, "optimiser": "adam", "rate": 0.003}
    said = rf"^cannot write {path} \(File too large\); it is whole up to trial 100: free some room"
    with room_afterwards(), pytest.raises(RunFileError, match=said):
        nr.train(net(), TASK, path=path, progress=full_after(100), **settings)
    assert nr.open_run(path).done == 100
    resumed, straight = nr.resume(path, progress=False), nr.train(net(), TASK, progress=False, **settings)
    assert np.array_equal(resumed.network.recurrent, straight.network.recurrent)
    assert np.array_equal(resumed.log["loss"], straight.log["loss"])
    assert resumed.trajectories().drop_attrs().equals(straight.trajectories().drop_attrs())


def test_a_loop_and_a_simulation_say_it_too(tmp_path, monkeypatch):
    monkeypatch.setattr("neurorec.runs.trial_log.FLUSH_SECONDS", 0.0)
    made, straight = (SequenceLoop(nr.Network.random(2, 6, 1), duration=0.05, hold=0.0) for _ in range(2))
    path, said = tmp_path / "a.loop", r"it is whole up to transition 7: .*SequenceLoop.resume\("
    with room_afterwards(), pytest.raises(RunFileError, match=said):
        made.learn((0, 1), 20, path=path, progress=full_after(7))
    assert SequenceLoop.load(path).done == 7
    straight.learn((0, 1), 20, progress=False)
    assert np.array_equal(SequenceLoop.resume(path, progress=False).weights, straight.weights)

    trials = nr.Trials(np.zeros((40, 1, 2)), np.zeros((40, 1, 1)))
    with room_afterwards(), pytest.raises(RunFileError, match="the first 10 time steps can be read"):
        nr.stream(straight.network, trials, tmp_path / "s.h5", window=10, progress=full_after(10))


def test_a_file_system_that_is_only_read_is_said(tmp_path, monkeypatch):
    run_at(tmp_path / "run.h5").close()

    def refuse(path):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("neurorec.hdf5.opening.unbuffered", refuse)
    with pytest.raises(
        RunFileError, match=r"run.h5 lies where nothing can be written \(Read-only file system\); copy it to another folder"
    ):
        nr.resume(tmp_path / "run.h5")
    assert done_in(tmp_path / "run.h5") == 0


# Sizes ----------------------------------------------------------------------------------------------------------------


def test_memory_is_counted_before_it_is_taken(monkeypatch):
    assert 2**24 < free_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr("neurorec.process.memory.free_memory", lambda: 24 * 10**9)
    expect_memory(24 * 10**9, "a network", "use fewer units")
    with pytest.raises(ValueRefused, match="^a network needs 3.2 TB of memory and 24 GB are free; use fewer units$"):
        expect_memory(32 * 10**11, "a network", "use fewer units")
    assert [readable_size(n) for n in (0, 999, 1000, 123_456_789, 10**400)] == ["0 bytes", "999 bytes", "1 kB", "123 MB", "1.00e+382 EB"]


def test_a_limit_of_a_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("neurorec.process.memory.GROUPS", tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    free = free_memory()
    assert free > 2**24
    (tmp_path / "memory.max").write_text("1000000\n")
    assert free_memory() == 1000000


LARGE = 10**20
PATTERN = nr.Trials(np.zeros((5, 1, 0)), np.zeros((5, 1, 1)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: net().random(1, LARGE, 1), f"a network of {LARGE} units needs .* of memory and .* are free; use fewer units"),
        (lambda: net().random(1, 10**8, 1), "needs 160 PB of memory"),
        (lambda: nr.ModuleNetwork.random("torch_rnn", 1, LARGE, 1), f"a network of {LARGE} units needs"),
        (
            lambda: nr.train(net(), PATTERN, trials=LARGE),
            "the run needs .* of memory and .* are free; record less .*, train fewer trials, or",
        ),
        (lambda: nr.train(net(), PATTERN, trials=10**14, record=Record("h")), "the run needs"),
        (lambda: nr.train(net(), PATTERN, batch=LARGE), f"a batch of {LARGE} trials needs"),
        (
            lambda: SequenceLoop(nr.Network.random(2, 6, 1)).learn((0,), LARGE),
            f"the log of {LARGE} transitions needs .*; learn fewer at a time",
        ),
        (lambda: SequenceLoop(nr.Network.random(2, 6, 1)).perform(LARGE), "perform at most"),
        (lambda: Record(checkpoints=LARGE), "checkpoints must be at most 100000"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_tried(make, words):
    with pytest.raises(ValueRefused, match=words) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_a_simulation_that_is_too_large_is_refused(monkeypatch):
    made = net()
    monkeypatch.setattr("neurorec.process.memory.free_memory", lambda: 100)
    monkeypatch.setattr("neurorec.process.memory.SMALL", 0)
    with pytest.raises(ValueRefused, match="the simulation needs .* kB of memory and 100 bytes are free; .*nr.stream"):
        nr.simulate(made, PATTERN, engine="reference")


@pytest.mark.parametrize("record", [None, Record("h")])
@pytest.mark.parametrize("trials", [10**14, LARGE])
def test_a_file_that_is_too_large_is_refused_before_it_is_tried(tmp_path, trials, record):
    with pytest.raises(RunFileError, match="are free; the run needs .*B in a folder .* train fewer trials"):
        nr.train(net(), PATTERN, trials=trials, record=record, path=tmp_path / "run.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_record_of_hardly_any_trial(tmp_path):
    assert Record("h", every=10**30).trials(0, 10).tolist() == [0]
    assert Record("h", every=10**30).trials(1, 10).tolist() == []
    assert Record("h", every=3).count(10) == Record("h", every=3).trials(0, 10).size == 4
