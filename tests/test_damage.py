"""Files that are damaged, or made to harm: one sentence each, never a number, a crash, or another file touched."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path
from unittest.mock import patch

import flips
import h5py
import numpy as np
import pytest

import neurorec as nr
from neurorec.cli import app
from neurorec.cli.exits import status_of
from neurorec.errors import RunFileError
from neurorec.hdf5 import seal
from neurorec.hdf5.checksums import of_rows, of_trials
from neurorec.runs.check import check
from neurorec.runs.run_writer import RunWriter
from neurorec.training.journal import Journal

FLIPS = 75  # of each of two files; tests/flips.py does thousands


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return flips.make(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def finished(made, tmp_path):
    return Path(shutil.copy(made["finished"], tmp_path / "run.h5"))


@pytest.fixture
def killed(made, tmp_path):
    return Path(shutil.copy(made["killed"], tmp_path / "killed.h5"))


def overwrite(path, name, where, value):
    """As a disk would, without a word to anybody."""
    with h5py.File(path, "r+") as file:
        file[name][where] = value


def change(path, how):
    """As an attacker would: the checksum of structure is right afterwards."""
    with h5py.File(path, "r+") as file:
        how(file)
    with patch("neurorec.hdf5.seal.expect_inside"):
        seal.renew(path)


def cli(arguments):
    return status_of(app, arguments)


def statuses(path):
    return {part.name: part.status for part in check(path)}


# Bytes flipped --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["finished", "killed"])
def test_a_flipped_byte_changes_nothing_or_is_told(made, name):
    found = list(flips.results(made[name], FLIPS))
    assert len(found) == FLIPS
    assert [each for each in found if any(answer not in ("same", "refused") for answer in each[1].values())] == []
    assert sum("refused" in answers.values() for _, answers in found) > FLIPS / 2


def test_every_byte_of_the_structure_counts(finished):
    """Every 37th byte outside the numbers that training writes."""
    whole, digest = bytearray(finished.read_bytes()), seal.check(finished)
    at = whole.find(seal.MAGIC)
    _, _, table, rows = seal.HEAD.unpack_from(whole, at)
    unsealed = np.frombuffer(whole, "<u8", 2 * rows, table).reshape(-1, 2)
    for offset in range(0, len(whole), 37):
        whole[offset] ^= 1
        finished.write_bytes(whole)
        whole[offset] ^= 1
        if any(start <= offset < start + size for start, size in [*unsealed, seal.OPEN_FOR_WRITING]):
            assert seal.check(finished) == digest, offset
        elif at <= offset < at + len(seal.MAGIC):
            assert seal.check(finished) is None
        else:
            with pytest.raises(RunFileError, match="damaged|truncated"):
                seal.check(finished)


def test_nothing_is_truncated_without_a_word(finished):
    whole = finished.read_bytes()
    for size in (len(whole) - 1, len(whole) // 2, 5000, 600, 9):
        os.truncate(finished, size)
        with pytest.raises(RunFileError, match="truncated|damaged"):
            nr.open_run(finished)
        finished.write_bytes(whole)
    finished.write_bytes(whole + b"\0")
    with pytest.raises(RunFileError, match="is damaged: its structure"):
        nr.open_run(finished)


def test_row_checksums_see_every_bit():
    rng = np.random.default_rng(0)
    columns = [rng.standard_normal(8), rng.integers(0, 9, 8), np.full(8, np.nan)]
    plain = of_rows(columns)
    assert len(set(plain)) == 8
    for bit in range(64):
        for number, column in enumerate(columns):
            other = (column.view(np.uint64) ^ np.uint64(1 << bit)).view(column.dtype)
            assert (of_rows([*columns[:number], other, *columns[number + 1 :]]) != plain).all()
    assert (of_trials(np.zeros((3, 2, 1), np.float32)) != 0).all()


# What is said of it, and what is left ---------------------------------------------------------------------------------

DAMAGES = [
    ("log/loss", 3, "/log", lambda run: run.log),
    ("trajectories/h", np.s_[1, 2, 3], "/trajectories/h", lambda run: run.trajectories()),
    ("trials/direction", 1, "/trials", lambda run: run.trajectories()),
    ("checkpoints/000000008/recurrent", np.s_[0, 1], "/checkpoints/000000008", lambda run: run.checkpoint(8)),
]


def test_a_damaged_log_is_not_trained_on(killed):
    overwrite(killed, "log/loss", 3, 0.1)
    before = killed.read_bytes()
    with pytest.raises(RunFileError, match="is damaged: /log"):
        nr.resume(killed, progress=False)
    assert killed.read_bytes() == before
    RunWriter.open(killed).close()  # nobody holds it


@pytest.mark.parametrize(("name", "where", "part", "use"), DAMAGES, ids=lambda each: str(each) if isinstance(each, str) else "")
def test_a_damaged_part_is_named_and_the_rest_can_be_read(finished, name, where, part, use):
    before = statuses(finished)
    assert {"whole"} == set(before.values())
    overwrite(finished, name, where, 0.123)
    run = nr.open_run(finished)
    with pytest.raises(RunFileError, match=f"is damaged: {part}.* does not match its checksum; restore it from a copy") as error:
        use(run)
    assert "\n" not in str(error.value)
    for other, _, _, reads in DAMAGES:
        if other.split("/")[0] != name.split("/")[0] and not {"trials", "trajectories"} == {other.split("/")[0], name.split("/")[0]}:
            reads(run)
    assert {part: status for part, status in statuses(finished).items() if status != before[part]} == {part: "damaged"}


def test_only_what_is_read_is_checked(finished):
    overwrite(finished, "trajectories/h", np.s_[1, 2, 3], 0.5)
    assert nr.open_run(finished).trajectories("output").sizes["trial"] == 8


def test_a_damaged_initial_network_is_never_used(killed):
    overwrite(killed, "checkpoints/000000000/recurrent", np.s_[0, 0], 0.5)
    for use in (nr.open_run, nr.Network.load, nr.resume):
        with pytest.raises(RunFileError, match="is damaged: /checkpoints/000000000 does not match"):
            use(killed)


def test_of_a_damaged_state_a_reader_is_told_and_resume_mends_it(finished, made):
    intact = nr.open_run(made["finished"]).network
    overwrite(finished, "state/0/vector", 3, 0.5)
    for use in (nr.open_run, nr.Network.load):
        with pytest.raises(RunFileError, match=r"is damaged: /state/0 .*goes on from the other state, after trial 2\d, and mends it"):
            use(finished)
    nr.resume(finished, progress=False)
    assert np.array_equal(nr.open_run(finished).network.recurrent, intact.recurrent)
    assert set(statuses(finished).values()) == {"whole"}


def test_what_a_kill_leaves_is_no_damage(killed):
    """Rows after the last state, and a state that was being written."""
    overwrite(killed, "log/loss", flips.KILLED, 9.0)
    overwrite(killed, "trajectories/h", np.s_[0, 5], 9.0)
    overwrite(killed, "trials/direction", 5, 9.0)
    with h5py.File(killed) as file:
        older = min(("state/0", "state/1"), key=lambda slot: file[slot]["numbers"][0])
    overwrite(killed, f"{older}/checksum", (), -1)
    overwrite(killed, f"{older}/vector", 0, 9.0)
    run = nr.open_run(killed)
    assert run.done == run.log.sizes["trial"] == flips.KILLED
    assert run.trajectories().sizes["trial"] == 5
    found = statuses(killed)
    assert found.pop(f"/{older}") == "not finished"
    assert set(found.values()) == {"whole", "not finished"}


def test_a_file_of_before_can_be_read_and_gets_checksums_when_copied(finished, tmp_path):
    with h5py.File(finished, "r+") as file:
        del file["checksums"]
        file.attrs["format_version"] = 1
    finished.write_bytes(finished.read_bytes().replace(seal.MAGIC, bytes(len(seal.MAGIC))))
    assert set(statuses(finished).values()) == {"whole", "no checksums"}  # states had some
    run = nr.open_run(finished)
    assert run.done == flips.TRIALS
    copy = run.save_as(tmp_path / "copy.h5")
    assert nr.open_run(copy).about["format_version"] == 2
    assert set(statuses(copy).values()) == {"whole"}
    with RunWriter.open(finished) as old:
        old.extend(40)
    assert set(statuses(finished).values()) == {"whole", "not finished"}


def test_what_another_program_adds_can_be_accepted(finished):
    with h5py.File(finished, "r+") as file:
        file["analysis/speed"] = np.arange(3.0)
    with pytest.raises(RunFileError, match=f"neurorec check --seal {finished}"):
        nr.open_run(finished)
    seal.renew(finished)
    assert nr.open_run(finished).done == flips.TRIALS
    assert nr.resume(finished, trials=flips.TRIALS + 4, progress=False).done == flips.TRIALS + 4
    with h5py.File(finished) as file:
        assert file["analysis/speed"][2] == 2


def test_a_network_file_is_sealed(tmp_path):
    path = nr.Network.random(2, 3, 1).save(tmp_path / "net.h5")
    assert statuses(path) == {"structure": "whole"}
    data = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        data[file["network/recurrent"].id.get_offset()] ^= 1
    path.write_bytes(data)
    with pytest.raises(RunFileError, match="is damaged: its structure"):
        nr.Network.load(path)


# The newest network of a killed run -----------------------------------------------------------------------------------


@pytest.mark.parametrize("parametrisation", [None, "cayley"])
def test_the_network_of_a_killed_run_is_the_trained_one(tmp_path, parametrisation, monkeypatch):
    path, copy = tmp_path / "run.h5", tmp_path / "killed.h5"
    task = nr.task("periodic_output", period=0.1)
    net = nr.Network.random(0, 4, 1, parametrisation=parametrisation)
    checkpoint = Journal.checkpoint

    def copying(journal):
        checkpoint(journal)
        if journal.done == 4:
            shutil.copy(path, copy)

    monkeypatch.setattr("neurorec.runs.trial_log.FLUSH_SECONDS", 0.0)
    monkeypatch.setattr("neurorec.training.journal.Journal.checkpoint", copying)
    nr.train(net, task, engine="reference", trials=8, path=path, record=nr.Record(checkpoints=3), progress=False)
    run = nr.open_run(copy)
    assert run.done == 4
    assert run.checkpoints == (0, 4)  # not 8
    for name, value in run.checkpoint(4).stored().items():
        assert np.array_equal(nr.Network.load(copy).stored()[name], value), name
        assert np.array_equal(run.network.stored()[name], value), name
    assert not np.array_equal(nr.Network.load(copy).recurrent, net.recurrent)
    assert np.array_equal(nr.Network.load(path).recurrent, nr.open_run(path).network.recurrent)


# Files that reach for others ------------------------------------------------------------------------------------------


def external_link(file, secret):
    del file["log/loss"]
    file["log/loss"] = h5py.ExternalLink(str(secret), "/loss")


def soft_link(file, secret):
    del file["log/loss"]
    file["log/loss"] = h5py.SoftLink("/log/seconds")


def external_storage(file, secret):
    del file["log/loss"]
    file["log"].create_dataset("loss", (flips.TRIALS,), "f8", external=[(str(secret), 0, 8 * flips.TRIALS)])


def virtual(file, secret):
    layout = h5py.VirtualLayout((flips.TRIALS,), "f8")
    layout[:] = h5py.VirtualSource(str(secret), "loss", (flips.TRIALS,))
    del file["log/loss"]
    file["log"].create_virtual_dataset("loss", layout)


def circle(file, secret):
    file["log/again"] = file["log"]


def plugin(file, secret):
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_chunk((flips.TRIALS,))
    how.set_filter(32099, h5py.h5z.FLAG_OPTIONAL, ())
    del file["log/loss"]
    space = h5py.h5s.create_simple((flips.TRIALS,))
    h5py.h5d.create(file["log"].id, b"loss", h5py.h5t.NATIVE_DOUBLE, space, how)


@pytest.mark.parametrize("make", [external_link, soft_link, external_storage, virtual, circle, plugin])
def test_what_leads_out_of_a_file_is_refused(finished, tmp_path, make):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["loss"] = np.arange(float(flips.TRIALS))
    before = secret.read_bytes()
    change(finished, lambda file: make(file, secret))
    for use in (nr.open_run, nr.Network.load, nr.resume, check):
        with pytest.raises(RunFileError, match="is refused: /log/"):
            use(finished)
    assert secret.read_bytes() == before


def huge(file):
    del file["trials/direction"]
    file["trials"].create_dataset("direction", (10**9,), "f8")  # nothing is stored: HDF5 would make up 8 GB


def objects(file):
    del file["log/loss"]
    file["log"].create_dataset("loss", data=["x"] * flips.TRIALS, dtype=h5py.string_dtype())


def huge_total(file):
    layout = json.loads(file.attrs["layout"])
    file.attrs["layout"] = json.dumps(layout | {"total": 10**12})


def wrong_json(file):
    file.attrs["layout"] = "[" * 100_000


def no_text(file):
    file.attrs["config"] = np.zeros(3)


@pytest.mark.parametrize("make", [huge, objects, huge_total, wrong_json, no_text])
def test_odd_content_is_one_sentence(finished, make):
    change(finished, make)
    with pytest.raises(RunFileError, match="is damaged: ") as error:
        run = nr.open_run(finished)
        _ = run.log, run.config, run.trajectories()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("use", [nr.open_run, nr.Network.load, nr.resume, nr.circuits.SequenceLoop.load], ids=lambda use: use.__qualname__)
def test_pipes_sockets_and_devices_are_not_opened(tmp_path, use):
    os.mkfifo(tmp_path / "pipe.h5")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.h5"))
    for path in (tmp_path / "pipe.h5", tmp_path / "socket.h5", Path("/dev/null")):
        with pytest.raises(RunFileError, match="is no regular file"):
            use(path)


def test_nothing_in_a_file_reaches_for_the_terminal(finished, capsys):
    """Escape codes, overlong lines and letters that turn the direction of writing are spelt out."""
    evil = "\x1b]0;owned\x07\u202eabc\x9b2J\nx"

    def write(file):
        config = json.loads(file.attrs["config"])
        file.attrs["config"] = json.dumps(config | {"task": evil, "task_settings": {evil: evil}})
        file.attrs["git_commit"] = evil

    change(finished, write)
    assert cli(["info", str(finished)]) == 0
    assert cli(["check", str(finished)]) == 0
    assert cli(["resume", str(finished)]) == 2
    told = capsys.readouterr()
    assert r"\x1b]0;owned\x07\u202eabc\x9b2J\nx" in told.out
    assert all(line.isprintable() for line in (told.out + told.err).splitlines())
    assert str(RunFileError(evil)).isprintable()


def test_check_tells_what_is_damaged(finished, killed, capsys):
    assert {part.status for part in nr.open_run(finished).check()} == {"whole"}
    assert cli(["check", str(finished)]) == 0
    assert capsys.readouterr().out.splitlines()[0].split()[:2] == ["structure", "whole"]
    assert cli(["check", str(killed), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["/log"] == {"status": "not finished", "note": f"{flips.KILLED} of {flips.TRIALS} rows"}
    overwrite(finished, "log/loss", 3, 0.1)
    overwrite(finished, "network/readout", (0, 0), 0.1)
    assert cli(["check", str(finished)]) == 2
    told = capsys.readouterr()
    assert "1 of 24 rows: 4" in told.out
    assert "is damaged: /network, /log; what is whole" in told.err
    finished.write_bytes(finished.read_bytes()[:-1])
    assert cli(["check", str(finished)]) == 2
    assert "is truncated" in capsys.readouterr().err


def test_a_loop_and_a_simulation_are_checked(tmp_path):
    net = nr.Network.random(2, 4, 1)
    trials = nr.Trials(inputs=np.zeros((20, 2, 2)), targets=np.zeros((20, 2, 1)))
    loop = nr.circuits.SequenceLoop(net, duration=0.05, hold=0.0, engine="reference")
    loop.learn([0, 1], 5, path=tmp_path / "loop.h5", progress=False)
    nr.stream(net, trials, tmp_path / "simulation.h5", engine="reference", progress=False)
    for name in ("loop.h5", "simulation.h5"):
        found = statuses(tmp_path / name)
        assert set(found.values()) == {"whole"}, found
        assert "/trajectories/output" in found
        overwrite(tmp_path / name, "trajectories/output", np.s_[2, 0, 0], 0.5)
        assert [part for part, status in statuses(tmp_path / name).items() if status == "damaged"] == ["/trajectories/output"]
