"""One network over two processes: the bits of one, files that open as usual, a killed rank, and what cannot be divided, in words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
import ranks_job
import xarray

import neurorec as nr
from neurorec.networks.block import block_of
from neurorec.networks.random_block import random_block
from neurorec.process.team import _of_processors
from neurorec.runs.over_ranks import common

WEIGHTS = ("recurrent", "input", "readout", "feedback", "bias", "initial")


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> Path:
    """The folder that two ranks have filled; one of them was killed, and torchrun has started both again."""
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "in_parts").mkdir()
    command = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--max-restarts", "2", "--monitor-interval", "0.2"]
    script = [sys.executable, "-m", *command, ranks_job.__file__, str(folder)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[:3000]
    (folder / "stderr").write_text(done.stderr)
    return folder


def said(job: Path) -> dict:
    return json.loads((job / "said.json").read_text())


def assert_alike(ours: nr.Run, theirs: nr.Run) -> None:
    for name in WEIGHTS:
        assert np.array_equal(getattr(ours.network, name), getattr(theirs.network, name)), name
    assert all(np.array_equal(ours.network.per_unit(each), theirs.network.per_unit(each)) for each in ours.network.parameters)
    assert all(np.array_equal(ours.log[each], theirs.log[each]) for each in ("loss", "alignment"))
    assert ours.trajectories().identical(theirs.trajectories())
    assert ours.checkpoints == theirs.checkpoints
    assert all(np.array_equal(ours.checkpoint(k).recurrent, theirs.checkpoint(k).recurrent) for k in ours.checkpoints)


@pytest.mark.parametrize("name", ranks_job.TRAININGS)
def test_two_ranks_are_one_bit_for_bit(job, name, tmp_path):
    assert_alike(nr.open_run(job / f"{name}.h5"), ranks_job.train(name, tmp_path))


@pytest.mark.parametrize("name", ranks_job.SHARED)
def test_ranks_that_share_trials_are_one_bit_for_bit(job, name, tmp_path):
    ours, alone = nr.open_run(job / f"{name}.h5"), ranks_job.share(name, tmp_path)
    assert_alike(ours, alone)
    assert np.array_equal(ours.log.get("angle", 0), alone.log.get("angle", 0), equal_nan=True)
    assert not list(job.glob(f"{name}.rank*"))
    assert {part.status for part in ours.check()} == {"whole"}


def test_a_run_that_shares_trials_goes_on_over_any_number_of_ranks(job, tmp_path):
    whole = nr.open_run(job / "exact.h5")
    assert_alike(nr.open_run(job / "in_parts" / "exact.h5"), whole)
    begun = ranks_job.share("exact", tmp_path, progress=lambda done, total, loss: done < 5)
    assert begun.done == 5
    longer = nr.resume(begun.path, progress=False)
    assert_alike(longer, whole)
    moved = tmp_path / "moved.h5"
    moved.write_bytes((job / "exact.h5").read_bytes())
    assert nr.resume(moved, trials=18, progress=False).done == 18


def test_ranks_are_the_usual_engine_to_rounding(job):
    (model, how), ours = ranks_job.TRAININGS["trial"], nr.open_run(job / "trial.h5")
    net = ranks_job.network(64, **model).replace(plastic=ranks_job.PLASTIC["trial"])
    usual = nr.train(net, ranks_job.TASK, seed=3, progress=False, **how)
    assert np.allclose(ours.network.recurrent, usual.network.recurrent, rtol=0, atol=1e-4)
    assert np.allclose(ours.log["loss"], usual.log["loss"], rtol=1e-3)


def test_a_killed_rank_changes_nothing(job):
    assert (job / "restarts").read_text() == "2"
    whole = nr.train(ranks_job.network(), ranks_job.TASK, engine="ranks", progress=False, **ranks_job.KILLED)
    assert_alike(nr.open_run(job / "killed.h5"), whole)
    assert_alike(
        nr.open_run(job / "killed_shared.h5"), nr.train(ranks_job.network(), ranks_job.TASK, progress=False, **ranks_job.KILLED_SHARED)
    )
    assert "start them again: torchrun --nproc-per-node 2 -m neurorec resume" in (job / "stderr").read_text()


def test_all_stop_after_the_trial_at_which_one_is_told_to(job):
    first, second = said(job)["stopped"]
    assert first.startswith("stopped after trial 3 of 9; go on with: torchrun --nproc-per-node 2 -m neurorec resume")
    assert second == "ended after 3"
    assert nr.open_run(job / "stopped.h5").done == 3


def test_ranks_hear_of_each_other_once_a_step_and_of_nothing_but_outputs(job):
    steps, units, expected = 20, 64, []
    for _, how in ranks_job.TRAININGS.values():
        batch = how.get("batch", 1)
        each = [units * batch] * (steps + 1) + ([units] if "clip" in how else [])  # a clip is by the norm of all rows
        expected += each * (how["trials"] // batch)
    assert said(job)["gathered"][: len(expected)] == expected


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("units", "40 units cannot be divided among 2 ranks in blocks of 16.*take 64 units"),
        ("pattern", "these recurrent weights are sparse"),
        ("parametrisation", "made by 'cayley' cannot be divided by rows"),
        ("cost", "a network with activity_cost is not divided"),
        ("rule", "BPTT needs what a weight does by way of other units.*'rflo'; engine='trials'"),
        ("every step", "RTRL needs what a weight does by way of other units"),
        ("clip", "a change at every step cannot be clipped.*update='trial'"),
        ("angle", "gradient_angle needs the exact gradient"),
        ("engine", "over ranks a network is trained by engine='ranks' or 'trials', got 'torch'"),
        ("copies", "one network of cells is trained, not a list, copies"),
        ("rates", "at one rate; give names in plastic= and numbers in rate="),
        ("path", "trained into a file, which all ranks see; give path="),
        ("drawn whole", "spectral_radius is of a whole matrix"),
        ("drawn apart", "share trials have all of the network each.*use nr.Network.random"),
        (
            "drawn for others",
            "units 0 to 31 of 64, which are not those of rank 1 of 2|units 32 to 63 of 64, which are not those of rank 0 of 2",
        ),
        ("drawn plastic", "is said where they are made: nr.Block.random"),
        ("batch", "2 ranks cannot share a batch of 1; take batch=2 or more"),
        ("step by step", "cannot change weights every step"),
        ("different masks", "ranks were told different things: rates"),
        ("different", "ranks were told different things: seed is 0 for rank 0 and 1 for rank 1"),
    ],
)
def test_what_cannot_be_divided_is_refused_by_all_ranks(job, what, words):
    assert re.search(words, said(job)["refused"][what]), said(job)["refused"][what]
    assert not (job / "refused.h5").exists()


def test_the_file_of_all_opens_as_any_other(job, tmp_path):
    run = nr.open_run(job / "trial.h5")
    with xarray.open_datatree(run.path, engine="h5netcdf") as tree:
        assert tree["network"]["recurrent"].dims == ("post", "pre")
        assert np.array_equal(tree["trajectories"]["h"], run.trajectories()["h"])
    copy = nr.open_run(run.save_as(tmp_path / "copy.h5"))
    assert_alike(copy, run)
    assert {part.status for part in copy.check()} <= {"whole", "not finished"}
    assert {part.status for part in run.check()} == {"whole"}
    with pytest.raises(nr.errors.RunFileError, match="save_as makes one file"):
        run.store_analysis("losses", run.log)
    longer = nr.resume(copy.path, trials=15, progress=False)
    assert longer.done == 15
    with pytest.raises(nr.errors.RunFileError, match="torchrun --nproc-per-node 2 -m neurorec resume"):
        nr.resume(run.path)


def test_a_part_that_is_missing_or_damaged_is_named(job, tmp_path):
    for part in ("any.h5", "any.rank0of2.h5", "any.rank1of2.h5"):
        (tmp_path / part).write_bytes((job / part).read_bytes())
    part = tmp_path / "any.rank1of2.h5"
    content = bytearray(part.read_bytes())
    part.write_bytes(content[:-9] + bytes(9))
    with pytest.raises(nr.errors.RunFileError, match="rank1of2"):
        nr.open_run(tmp_path / "any.h5")
    part.unlink()
    with pytest.raises(nr.errors.RunFileError, match="rank1of2"):
        nr.open_run(tmp_path / "any.h5")


def test_one_ranks_own_file_shows_its_rows(job):
    part, whole = nr.open_run(job / "trial.rank1of2.h5"), nr.open_run(job / "trial.h5")
    assert (part.network.first, part.network.units, part.network.of) == (32, 32, 64)
    assert np.array_equal(part.network.recurrent, whole.network.recurrent[32:])
    assert np.array_equal(part.trajectories()["h"], whole.trajectories()["h"][..., 32:])


def test_rows_that_ranks_draw_apart_are_those_of_the_whole_network(job):
    alone = nr.train(ranks_job.drawn_apart(), ranks_job.TASK, engine="ranks", trials=3, rate=0.003, progress=False)
    assert_alike(nr.open_run(job / "apart.h5"), alone)


@pytest.mark.parametrize("how", [{"sparsity": 0.3, "seed": 4}, {"cell": "gru", "bias": np.linspace(-1, 1, 192), "parameters": {}}])
def test_a_rank_draws_what_the_whole_network_has_there(how):
    whole = nr.Network.random(2, 64, 1, **how)
    for rank in range(4):
        drawn, cut = random_block(rank, 4, 2, 64, 1, **how), block_of(whole, rank, 4)
        assert all(np.array_equal(array, cut.stored()[name]) for name, array in drawn.stored().items())


def test_a_rank_draws_its_rows_in_the_memory_of_its_rows():
    units, ranks = 1024, 8
    random_block(0, 1, 1, 16, 1)
    tracemalloc.start()
    random_block(3, ranks, 1, units, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 8 * units**2 / ranks


def test_rows_of_every_drive_are_a_ranks_own():
    net = ranks_job.network(48, cell="lstm")
    blocks = [block_of(net, rank, 3) for rank in range(3)]
    again = np.concatenate([block.recurrent.reshape(4, 16, 48) for block in blocks], axis=1)
    assert np.array_equal(again.reshape(192, 48), net.recurrent)
    assert all(np.array_equal(block.readout, net.readout) for block in blocks)


def test_ranks_go_on_from_the_last_trial_that_all_have():
    assert common(Path("run.h5"), [(4, 8), (8, 12)]) == 8
    with pytest.raises(nr.errors.RunFileError, match="no trial after which all ranks have a whole state"):
        common(Path("run.h5"), [(4,), (8,)])


@pytest.mark.parametrize(("config", "asked"), [("cpu:gloo,cuda:gloo", []), ("cpu:gloo,cuda:nccl", []), ("cuda:nccl", ["gloo"])])
def test_what_is_in_memory_is_sent_by_gloo_also_where_a_script_began_with_nccl(monkeypatch, config, asked):
    import torch.distributed as distributed

    made = []
    monkeypatch.setattr(distributed, "get_backend_config", lambda: config)
    monkeypatch.setattr(distributed, "new_group", lambda backend, timeout: made.append(backend))
    _of_processors()
    assert made == asked
    monkeypatch.setattr(distributed, "is_gloo_available", lambda: False)
    monkeypatch.setattr(distributed, "get_backend", lambda: "nccl")
    if asked:
        with pytest.raises(nr.errors.NotOffered, match="begin the group with backend='cpu:gloo,cuda:nccl'"):
            _of_processors()


@pytest.mark.parametrize(("shape", "words"), [(3, "is a link to somewhere else"), (10**9, "claims more bytes than its parts have")])
def test_a_file_that_shows_others_leads_nowhere_else(tmp_path, shape, words):
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["x"] = np.ones(3)
    with h5py.File(tmp_path / "run.rank0of1.h5", "w") as part:
        part["x"] = h5py.ExternalLink("secret.h5", "x")
    with h5py.File(tmp_path / "run.h5", "w") as file:
        layout = h5py.VirtualLayout((shape,), "f8")
        layout[:3] = h5py.VirtualSource("run.rank0of1.h5", "x", (3,))
        file.create_virtual_dataset("x", layout)
    with pytest.raises(nr.errors.RunFileError, match=words):
        nr.open_run(tmp_path / "run.h5")
