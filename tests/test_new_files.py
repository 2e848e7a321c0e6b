"""To add anything is one new file and no list: in the library it is listed, trains, is drawn and is under its laws; elsewhere its class does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import neurorec as nr
from neurorec import testing
from neurorec.discovery import KINDS, load, place
from neurorec.errors import RunFileError

LIBRARY, TESTS = Path(nr.__file__).parent, Path(__file__).parent
CHOSEN = {
    "plots": "learning_curve",
    "dynamics": "principal_components",
    "engines": "unrolled",
    "commands": "resume",
}  # of the other kinds the shortest file


def member(kind: str) -> str:
    """Of a kind, whose file is copied under another name: what is new is the file, not what it computes, which would have to be compiled."""
    return CHOSEN[kind] if kind in CHOSEN else min(nr.names(kind), key=lambda name: source(kind, name).stat().st_size)


def source(kind: str, name: str) -> Path:
    return Path(sys.modules[load(kind, name).__module__].__file__ or "")


def run(folder: Path, *words: str) -> str:
    """What a process says that finds its modules in a folder first."""
    path = os.pathsep.join([str(folder), str(TESTS)])
    done = subprocess.run([sys.executable, *words], cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A folder with a copy of the library, in which every kind has one file more."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(LIBRARY, folder / "neurorec", ignore=shutil.ignore_patterns("__pycache__"))
    for kind in KINDS:
        shutil.copy(source(kind, member(kind)), folder.joinpath(*place(kind).split("."), "brand_new.py"))
    return folder


def test_a_new_file_is_listed(copy):
    told = run(
        copy,
        "-c",
        "import neurorec as nr, neurorec.discovery as d; print(nr.__file__, *(k for k in d.KINDS if 'brand_new' in nr.names(k)))",
    )
    assert told.split() == [str(copy / "neurorec" / "__init__.py"), *KINDS]
    listed = run(copy, "-m", "neurorec.cli", "list")
    assert sum(line.startswith("  brand_new ") for line in listed.splitlines()) == len(KINDS)
    assert "brand-new" in run(copy, "-m", "neurorec.cli", "--help")


TRAINS = """
import neurorec as nr
task, new = nr.task("brand_new"), "brand_new"
net = nr.Network.random(task.n_inputs, 3, task.n_outputs, cell=new, filter=new, dt=task.dt)
how = dict(trials=2, rule=new, feedback=new, loss=new, optimiser=new, engine=new, record=nr.Record(("h",)), progress=False)
run = nr.train(net, task, path="run.h5", **how)
assert run.config["rule"] == run.config["engine"] == new and any((after != net.parts()[name]).any() for name, after in run.network.parts().items())
nr.train(nr.Network.random(task.n_inputs, 3, task.n_outputs, parametrisation=new, cell="modrelu", dt=task.dt), task, engine="reference", trials=1, progress=False)
print(nr.preset(new, 1, 3, 1).units, nr.plots.brand_new(run).get_xlabel(), *nr.dynamics.brand_new(run, n=2).data_vars)
"""


def test_a_new_file_trains_and_is_drawn_and_commanded(copy):
    units, label, *measured = run(copy, "-c", TRAINS).split()
    assert (units, label) == ("3", "trial") and "loadings" in measured
    assert run(copy, "-m", "neurorec.cli", "plot", "run.h5", "--kind", "brand-new") == "run_brand_new.png\n"
    assert "run.h5" in run(copy, "-m", "neurorec.cli", "brand-new", "run.h5")


QUICK = "losses plasticities contexts optimisers tasks plots dynamics commands".split()  # what needs no engine compiled
LAWS = """
import sys
from contract.test_laws import EVERYTHING, test_it_keeps_the_laws_of_its_kind as keeps
new = [each.values for each in EVERYTHING if each.values[1] == "brand_new"]
for kind, name in new:
    if kind in sys.argv[1:]:
        keeps(kind, name)
print(*(kind for kind, _ in new))
"""


def test_a_new_file_is_under_the_laws_of_its_kind(copy):
    assert run(copy, "-c", LAWS, *QUICK).splitlines()[-1].split() == list(KINDS)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """What somebody else's package holds: of each kind a file, and its class or function by the kind."""
    package = tmp_path / "elsewhere"
    package.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    for kind in KINDS:
        shutil.copy(source(kind, member(kind)), package / f"{kind}.py")
    yield {kind: getattr(import_module(f"elsewhere.{kind}"), load(kind, member(kind)).__name__) for kind in KINDS}
    for name in [name for name in sys.modules if name.partition(".")[0] == "elsewhere"]:
        del sys.modules[name]


def test_what_lies_elsewhere_trains_is_resumed_and_drawn(elsewhere, tmp_path):
    task = elsewhere["tasks"]()
    net = nr.Network.random(task.n_inputs, 3, task.n_outputs, cell=elsewhere["cells"], filter=elsewhere["filters"], dt=task.dt)
    parts = {"rule": "rules", "feedback": "feedbacks", "loss": "losses", "optimiser": "optimisers", "engine": "engines"}
    by_class = {name: elsewhere[kind] for name, kind in parts.items()}
    by_name = {name: f"elsewhere.{kind}:{elsewhere[kind].__name__}" for name, kind in parts.items()}
    how, path = {"record": nr.Record(("h",)), "progress": False}, tmp_path / "run.h5"
    whole = nr.train(net, task, trials=3, **by_name, **how)
    run = nr.train(net, task, trials=2, path=path, **by_class, **how)
    assert {name: run.config[name] for name in by_name} == by_name
    with pytest.raises(RunFileError, match="trust"):
        nr.resume(path, trials=3, progress=False)
    again = nr.resume(path, trials=3, progress=False, trust=True)
    assert np.array_equal(again.network.recurrent, whole.network.recurrent)
    assert elsewhere["plots"](again).has_data()
    assert "component" in elsewhere["dynamics"](again, n=2)


def test_what_lies_elsewhere_is_held_to_the_same_laws(elsewhere):
    for kind in (
        "words",
        "losses",
        "optimisers",
        "tasks",
        "architectures",
        "presets",
        "unroll",
        "contexts",
        "plasticities",
        "plots",
        "dynamics",
        "commands",
    ):
        getattr(testing, f"check_{nr.discovery.singular(kind)}")(elsewhere[kind])
    law = elsewhere["parametrisations"]
    net = nr.Network.random(1, 3, 1, cell="modrelu", parametrisation=law)
    assert np.array_equal(net.recurrent, law.map(net.free))
