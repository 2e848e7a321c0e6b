"""Runs are copied and sent to other processes, those in memory with all they hold."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import neurorec as nr

TASK = nr.task("periodic_output", period=0.4)
SETTINGS = {"optimiser": "adam", "rate": 0.003, "progress": False}
COPIES = {"pickle": lambda run: pickle.loads(pickle.dumps(run)), "deepcopy": copy.deepcopy, "copy": copy.copy}


def trained(**more) -> nr.Run:
    return nr.train(nr.Network.random(0, 12, 1, noise=0.01), TASK, **{"trials": 30, **SETTINGS, **more})


def same(a: nr.Run, b: nr.Run) -> bool:
    alike = np.array_equal(a.network.recurrent, b.network.recurrent) and np.array_equal(a.log["loss"].values, b.log["loss"].values)
    return alike and a.config == b.config and a.trajectories().equals(b.trajectories()) and a.checkpoints == b.checkpoints


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("where", ["memory", "file"])
def test_a_copy_holds_the_same(how, where, tmp_path):
    run = trained(path=None if where == "memory" else tmp_path / "run.h5")
    found = COPIES[how](run)
    assert same(found, run) and found.path == run.path
    assert np.array_equal(found.checkpoint(0).recurrent, run.checkpoint(0).recurrent)


def test_a_copy_in_memory_outlives_the_original_and_goes_on(tmp_path):
    run = trained()
    found = pickle.loads(pickle.dumps(run))
    run._reader.file.close()
    longer = nr.resume(found.save_as(tmp_path / "run.h5"), trials=50, progress=False)
    straight = nr.resume(trained(path=tmp_path / "other.h5").path, trials=50, progress=False)
    assert longer.done == 50 and same(longer, straight)


def test_another_process_reads_it():
    run = trained()
    code = "import pickle, sys; run = pickle.load(sys.stdin.buffer); print(run.done, float(run.log['loss'].values.sum()))"
    said = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(run), capture_output=True, check=True).stdout.split()
    assert said == [b"30", str(float(run.log["loss"].values.sum())).encode()]


def test_networks_and_trajectories_are_copied_too():
    net = nr.Network.random(1, 6, 1)
    copied, found = (pickle.loads(pickle.dumps(each)) for each in (net, nr.simulate(net, np.ones((5, 1)))))
    assert np.array_equal(found.outputs, nr.simulate(copied, np.ones((5, 1))).outputs)
    assert not copied.recurrent.flags.writeable, "a network is a frozen value"
