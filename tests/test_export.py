"""What is written for other programs runs without neurorec, and finds what neurorec finds."""

from __future__ import annotations

import subprocess
import sys

import h5py
import numpy as np
import pytest
from cases import ORDINARY, difference, network, trials

import neurorec as nr
from neurorec.errors import NotOffered, RunFileError, ValueRefused

# A Python that cannot import neurorec, as those have whom the script is for.
ALONE = "import sys, runpy; sys.modules['neurorec'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"


def test_a_script_for_brian2_finds_outputs_states_and_changes(tmp_path):
    net, data = network(ORDINARY, "gru", filter="momentum", noise=0.05), trials(ORDINARY)
    path = nr.export.brian2(net, data, tmp_path / "five.py", rule="rflo", seed=3)
    subprocess.run([sys.executable, "-W", "ignore", "-c", ALONE, str(path)], check=True, capture_output=True, text=True)
    wanted, change = (each(net, data, engine="reference", seed=3) for each in (nr.simulate, nr.weight_change))
    with h5py.File(tmp_path / "five_found.h5") as file:
        assert difference(file["y"][...], wanted.outputs) < 1e-12
        assert all(difference(file[name][...], wanted.states[name]) < 1e-12 for name in wanted.states)
        recurrent = np.concatenate([file[f"recurrent/change_{drive}_0"][...] for drive in range(3)])
        assert difference(recurrent, change["recurrent"]) < 1e-12
        assert difference(file["readout/change_0_0"][...], change["readout"]) < 1e-12
        assert difference(file["units/change_par_0"][...], change[net.formula.plastic[0]]) < 1e-12
        assert sorted(file["units"]) == [f"change_bias_{d}" for d in range(3)] + [
            f"change_par_{q}" for q in range(len(net.formula.plastic))
        ]


@pytest.mark.parametrize(
    ("more", "error", "text"),
    [
        ({"rule": "bptt"}, NotOffered, "BPTT needs what a weight does by way of other units; a script has local rules, such as 'rflo'"),
        ({"path": "net.txt"}, ValueRefused, "the script's name must end in .py"),
        ({"target": "gpu"}, ValueRefused, "target must be one of numpy, cython, cpp_standalone, got 'gpu'"),
    ],
)
def test_what_cannot_be_written_is_refused(more, error, text, tmp_path):
    how = {"path": "net.py", **more}
    with pytest.raises(error, match=text):
        nr.export.brian2(network(ORDINARY), trials(ORDINARY), tmp_path / how.pop("path"), **how)
    assert not list(tmp_path.iterdir())


def test_a_loss_of_classes_is_refused_for_learning(tmp_path):
    with pytest.raises(NotOffered, match="these trials have 'cross_entropy'; leave out rule="):
        nr.export.brian2(network(ORDINARY), trials(ORDINARY, loss="cross_entropy"), tmp_path / "net.py", rule="rflo")


def test_a_script_that_is_there_stays(tmp_path):
    path = nr.export.brian2(network(ORDINARY), trials(ORDINARY), tmp_path / "net.py")
    with pytest.raises(RunFileError, match="overwrite"):
        nr.export.brian2(network(ORDINARY), trials(ORDINARY), path)
    assert nr.export.brian2(network(ORDINARY), trials(ORDINARY), path, overwrite=True) == path
