"""A file gets its name when it is complete: of two that finish at once one wins, and nobody loses what is being written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import xarray
from breadth import THOROUGH

import neurorec as nr
from neurorec.circuits import SequenceLoop
from neurorec.errors import RunFileError
from neurorec.hdf5.publish import publishing
from neurorec.hdf5.states import State
from neurorec.runs.contents import Contents
from neurorec.runs.layout import Layout
from neurorec.runs.rebuild import save_as
from neurorec.runs.record import Record
from neurorec.runs.run_reader import RunReader
from neurorec.runs.run_writer import RunWriter

NET = nr.Network.random(1, 4, 1)


def run_at(path, total=5, overwrite=False):
    """A run that was not trained."""
    layout, vector = Layout(total, 6, 0.01, 1, 1, 1, {"loss": ("1", "loss")}, (), Record("h")), np.arange(3.0)
    state = State(0, 0, vector, np.zeros((0, 3)))
    return RunWriter.create(path, Contents(layout, NET, {}, state, 0, layout.record.snapshots(total)), overwrite)


def done_in(path):
    return RunReader.open(path).done


def write(path, text, overwrite=False):
    with publishing(path, overwrite) as aside:
        aside.write_text(text)


def test_who_is_first_keeps_the_name(tmp_path):
    path = tmp_path / "run.h5"
    with (
        pytest.raises(RunFileError, match="exists already; choose another path, pass overwrite=True, or resume it"),
        publishing(path, False) as slow,
    ):
        slow.write_text("slow")
        write(path, "quick")
    assert path.read_text() == "quick"
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_threads_one_wins_each_time(tmp_path):
    rounds, threads = 50, 4
    together, refused = threading.Barrier(threads), []

    def make(name):
        for k in range(rounds):
            try:
                with publishing(tmp_path / f"{k}.h5", False) as aside:
                    aside.write_text(f"{name} {k}")
                    together.wait()
            except RunFileError:
                refused.append(k)

    workers = [threading.Thread(target=make, args=(name,)) for name in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(refused) == sorted([*range(rounds)] * (threads - 1))
    assert {path.name for path in tmp_path.iterdir()} == {f"{k}.h5" for k in range(rounds)}
    assert all(int((tmp_path / f"{k}.h5").read_text().split()[1]) == k for k in range(rounds))


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP])
def test_a_file_system_without_hard_links_replaces_nothing_either(tmp_path, monkeypatch, code):
    def refuse(self, target):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    write(tmp_path / "a", "one")
    with pytest.raises(RunFileError, match="exists already"), publishing(tmp_path / "b", False) as slow:
        slow.write_text("slow")
        write(tmp_path / "b", "quick")
    write(tmp_path / "a", "two", overwrite=True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "two", "b": "quick"}


def test_the_mode_is_that_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        run_at(tmp_path / "run.h5").close()
        NET.save(tmp_path / "net.h5")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}


def test_what_others_have_left_aside_is_neither_taken_nor_touched(tmp_path):
    left = [tmp_path / f"run.h5{end}" for end in (".part", ".0123456789abcdef.part")]
    for path in left:
        path.write_text("of a killed process, or the user's own")
    with run_at(tmp_path / "run.h5") as run:
        save_as(run.reader, tmp_path / "copy.h5")
    assert all(path.read_text() == "of a killed process, or the user's own" for path in left)
    assert {path.name for path in tmp_path.iterdir()} == {"run.h5", "copy.h5", *(path.name for path in left)}


def test_what_is_being_written_is_not_replaced(tmp_path):
    path = tmp_path / "run.h5"
    writing = "is being written, by another process or in this one; wait for it, or choose another path"
    with run_at(path) as run, run_at(None) as other:
        for replace in (
            lambda: run_at(path, overwrite=True),
            lambda: NET.save(path, overwrite=True),
            lambda: save_as(other.reader, path, True),
        ):
            with pytest.raises(RunFileError, match=writing):
                replace()
        code = "import sys, neurorec as nr; nr.Network.random(1, 4, 1).save(sys.argv[1], overwrite=True)"
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
        assert writing in done.stderr
        run.checkpoint(State(3, 3, np.arange(3.0), np.zeros((0, 3))))
        run.extend(9)  # its own may be replaced, and the new one is held from then on
        with pytest.raises(RunFileError, match=writing):
            run_at(path, overwrite=True)
    assert done_in(path) == 3
    with xarray.open_datatree(path, engine="h5netcdf"):  # a reader is in nobody's way, nor does it lose what it reads
        run_at(path, total=7, overwrite=True).close()
    assert RunReader.open(path).total == 7
    assert list(tmp_path.iterdir()) == [path]


def test_only_files_are_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for make in (lambda: run_at(tmp_path / "pipe", overwrite=True), lambda: NET.save(tmp_path / "pipe", overwrite=True)):
        with pytest.raises(RunFileError, match="is no regular file and is not replaced"):
            make()
    with pytest.raises(RunFileError, match="is a folder; give the file a name in it"):
        NET.save(tmp_path, overwrite=True)
    with pytest.raises(RunFileError, match="there is no folder"):
        NET.save(tmp_path / "none" / "net.h5")


REMOVED, MOVED = (
    "was removed or replaced while it was being written, so that all it held is lost",
    "was moved .*go on with it where it lies now",
)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.unlink(), REMOVED),
        (lambda path: (path.unlink(), NET.save(path)), REMOVED),
        (lambda path: path.rename(path.with_name("other.h5")), MOVED),
    ],
)
def test_a_file_that_is_gone_is_noticed_at_the_next_checkpoint(tmp_path, harm, said):
    run = run_at(tmp_path / "run.h5")
    run.checkpoint(State(1, 1, np.arange(3.0), np.zeros((0, 3))))
    harm(tmp_path / "run.h5")
    for change in (lambda: run.checkpoint(State(2, 2, np.arange(3.0), np.zeros((0, 3)))), lambda: run.extend(9)):
        with pytest.raises(RunFileError, match=said):
            change()
    run.close()
    if said is MOVED:
        assert done_in(tmp_path / "other.h5") == 2
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]


def remove(path):
    return lambda *state: path.unlink(missing_ok=True)


def train(path):
    net, task = nr.Network.random(0, 12, 1), nr.task("periodic_output", period=0.4)
    nr.train(net, task, trials=10**5, path=path, progress=remove(path))


def learn(path):
    SequenceLoop(nr.Network.random(2, 6, 1), 0.05, 0).learn((0, 1), 10**5, path=path, progress=remove(path))


def stream(path):
    nr.stream(NET, nr.Trials(np.zeros((60, 1, 1)), np.zeros((60, 1, 1))), path, window=10, progress=remove(path))


@pytest.mark.parametrize("work", [train, learn, stream])
def test_work_whose_file_is_removed_stops(tmp_path, monkeypatch, work):
    monkeypatch.setattr("neurorec.runs.trial_log.FLUSH_SECONDS", 0.0)
    with pytest.raises(RunFileError, match=REMOVED):
        work(tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []


PAIRS = 24 if THOROUGH else 8
PAIR = """
import sys
from pathlib import Path
import numpy as np
import neurorec as nr
sys.path.insert(0, sys.argv[1])
from test_publish import run_at

for line in sys.stdin:  # a path, and whether it is trained
    path, whole = line.split()
    try:
        if whole == "no":
            run_at(Path(path)).close()
        else:
            net, task = nr.Network.random(0, 12, 1), nr.task("periodic_output", period=0.4)
            nr.train(net, task, trials=60, path=path, progress=False)
        print("made", flush=True)
    except nr.errors.RunFileError as error:
        print("refused", error, flush=True)
"""


@pytest.mark.slow
def test_two_processes_and_one_path(tmp_path):
    """Pairs of files, some of trainings: each time one of two makes it, and the other is told."""
    pair = [
        subprocess.Popen([sys.executable, "-c", PAIR, str(Path(__file__).parent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        for k in range(PAIRS):
            path, whole = tmp_path / f"{k}.h5", "no" if k % 5 else "yes"
            for process in pair:
                process.stdin.write(f"{path} {whole}\n")
                process.stdin.flush()
            said = sorted(process.stdout.readline() for process in pair)
            assert said[0] == "made\n", said
            assert said[1].startswith(f"refused {path} exists already"), said
            assert done_in(path) == (0 if whole == "no" else 60)
        assert len(list(tmp_path.iterdir())) == PAIRS
    finally:
        for process in pair:
            process.kill()
            process.communicate()
