"""A file is data, never code: what it names runs only where the caller trusts it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from pathlib import Path

import h5py
import numpy as np
import pytest

import neurorec as nr
from neurorec.circuits import SequenceLoop
from neurorec.cli import app
from neurorec.cli.exits import status_of
from neurorec.discovery import resolve
from neurorec.errors import NeurorecError, NotOffered, RunFileError, UnknownName, ValueRefused
from neurorec.hdf5.seal import renew
from neurorec.runs.checksums import rewriting
from neurorec.runs.run_reader import RunReader

TASK = {"period": 0.1}
EVIL = """
import pathlib
pathlib.Path(__file__).with_name("canary").touch()
class X:
    def __init__(self, *a, **k):
        pathlib.Path(__file__).with_name("called").touch()
"""
MINE = """
from dataclasses import dataclass
import sympy
from neurorec.networks.cells.base import AbstractCell
from neurorec.learning.rules.base import AbstractRule
from neurorec.tasks.periodic_output import PeriodicOutput

class Mild(AbstractCell):
    states, initial = ("h",), 0.1
    @staticmethod
    def step(h, u):
        return h / 2 + sympy.tanh(u) / 2

class Plain(AbstractRule):
    influence = "local"

class Unlike:
    "no rule"
    def __init__(self):
        raise SystemExit("called before it was checked")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, a run of a torch module, and a loop, as their maker left them."""
    folder, task = tmp_path_factory.mktemp("trust"), nr.task("periodic_output", **TASK)
    nr.train(nr.Network.random(0, 4, 1), task, engine="reference", trials=2, path=folder / "run.h5", progress=False)
    module = nr.ModuleNetwork.random("remainder_gaussian", 0, 4, 1)
    nr.train(module, task, rule="bptt", engine="torch", trials=2, path=folder / "module.h5", progress=False)
    SequenceLoop(nr.Network.random(2, 4, 1), 0.1, 0.0, engine="reference").save(folder / "loop.h5")
    return folder


@pytest.fixture
def place(folder, tmp_path, monkeypatch) -> Path:
    """Copies to write into, beside modules that nobody has imported."""
    for each in folder.iterdir():
        shutil.copy(each, tmp_path)
    (tmp_path / "evil.py").write_text(EVIL)
    (tmp_path / "mine.py").write_text(textwrap.dedent(MINE))
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("evil", "mine"):
        sys.modules.pop(name, None)


def configure(path: Path, **fields: object) -> None:
    """Change the config as somebody would who knows how to make its checksum right."""
    with h5py.File(path, "r+") as file:
        file.attrs["config"] = json.dumps(json.loads(file.attrs["config"]) | fields)
    renew(path)


def rename(path: Path, attribute: str, name: str) -> None:
    """Give every network in the file another cell, filter, map or architecture."""
    with h5py.File(path, "r+") as file:
        for where in ("network", *(f"checkpoints/{each}" for each in file.get("checkpoints", ()))):
            with rewriting(file, where):
                file[where].attrs[attribute] = name
    renew(path)


def everything_is_done_with(path: Path) -> list[object]:
    """What each way to read a file raised."""
    ways = [
        lambda: nr.open_run(path),
        lambda: nr.open_run(path).checkpoint(0),
        lambda: nr.Network.load(path),
        lambda: nr.ModuleNetwork.load(path),
        lambda: nr.resume(path, trials=3, progress=False),
        lambda: SequenceLoop.load(path),
        lambda: nr.plots.outputs(path),
        lambda: status_of(app, ["info", str(path)]),
        lambda: status_of(app, ["plot", str(path)]),
        lambda: status_of(app, ["resume", str(path)]),
    ]
    return [_tried(way) for way in ways]


def _tried(way) -> object:
    try:
        return way()
    except NeurorecError as error:
        return error


def nothing_ran(place: Path) -> bool:
    return not (place / "canary").exists() and not (place / "called").exists() and "evil" not in sys.modules


SHELL = {"engine": "subprocess:Popen", "engine_settings": {"args": "touch canary called", "shell": True}}


@pytest.mark.parametrize(
    "fields",
    [
        SHELL,
        {"task": "subprocess:Popen", "task_settings": SHELL["engine_settings"]},
        {"optimiser": "subprocess:Popen", "optimiser_settings": SHELL["engine_settings"]},
        *({name: "evil:X"} for name in ("engine", "task", "optimiser", "rule", "feedback", "loss")),
        {"engine": "unrolled", "engine_settings": {"how": "evil:X"}},
        {"engine": "unrolled", "engine_settings": {"how": "evil:X", "given": {}}},
    ],
    ids=str,
)
def test_what_a_config_names_does_not_run(place, monkeypatch, fields):
    monkeypatch.chdir(place)
    configure(place / "run.h5", **fields)
    everything_is_done_with(place / "run.h5")
    assert nothing_ran(place)
    with pytest.raises((RunFileError, UnknownName), match=r"trust|not imported"):
        nr.resume(place / "run.h5", trials=3, progress=False)


@pytest.mark.parametrize("attribute", ["cell", "filter", "parametrisation"])
def test_what_a_network_names_does_not_run(place, attribute):
    rename(place / "run.h5", attribute, "evil:X")
    found = everything_is_done_with(place / "run.h5")
    assert nothing_ran(place)
    assert not any(isinstance(each, nr.Run | nr.Network) for each in found)
    with pytest.raises(RunFileError, match=r"names a class for its .* 'evil:X'.*trust=\[X\].*--trust"):
        nr.Network.load(place / "run.h5")


def test_what_a_torch_network_names_does_not_run(place):
    settings = place / "settings.h5"
    shutil.copy(place / "module.h5", settings)
    rename(place / "module.h5", "architecture", "evil:X")
    rename(settings, "settings", '{"cell": "evil:X"}')  # a name within the settings
    for path in (place / "module.h5", settings):
        found = everything_is_done_with(path)
        assert nothing_ran(place)
        assert not any(isinstance(each, nr.Run | nr.ModuleNetwork) for each in found)


@pytest.mark.parametrize(
    "fields",
    [
        SHELL,
        {"engine": "evil:X"},
        *({part: {"name": name, "settings": {}}} for part in ("context", "plasticity") for name in ("evil:X", "subprocess:Popen")),
    ],
    ids=str,
)
def test_what_a_loop_names_does_not_run(place, monkeypatch, fields):
    monkeypatch.chdir(place)
    configure(place / "loop.h5", **fields)
    everything_is_done_with(place / "loop.h5")
    assert nothing_ran(place)
    with pytest.raises(RunFileError, match="trust"):
        SequenceLoop.load(place / "loop.h5")
    with pytest.raises(NeurorecError, match="is no|cannot import"):  # trusted, but not what it should be
        SequenceLoop.load(place / "loop.h5", trust=True)
    assert not (place / "called").exists()


def test_a_trusted_file_still_gets_only_what_is_of_the_kind(place, monkeypatch):
    monkeypatch.chdir(place)
    configure(place / "run.h5", **SHELL)
    with pytest.raises(NotOffered, match="subprocess:Popen is no engine"):
        nr.resume(place / "run.h5", trials=3, progress=False, trust=True)
    configure(place / "run.h5", engine="reference", engine_settings={}, rule="mine:Unlike")
    with pytest.raises(NotOffered, match="mine:Unlike is no rule"):
        nr.resume(place / "run.h5", trials=3, progress=False, trust=True)
    assert nothing_ran(place)


def test_settings_go_to_what_a_class_names_and_nowhere_else(place):
    configure(place / "run.h5", task_settings=TASK | {"__class__": "x"})
    with pytest.raises(ValueRefused, match="no setting of PeriodicOutput named '__class__'"):
        nr.resume(place / "run.h5", trials=3, progress=False)
    configure(place / "run.h5", engine="numba", engine_settings={"threads": {}, "per_step": []})
    with pytest.raises(ValueRefused, match="per_step must be"):
        nr.resume(place / "run.h5", trials=3, progress=False)
    configure(place / "run.h5", engine="numba", engine_settings=["threads"])
    with pytest.raises(RunFileError, match="settings of NumbaEngine are no names and values"):
        nr.resume(place / "run.h5", trials=3, progress=False)


def test_a_path_in_a_file_is_read_only_where_a_file_lies(place):
    os.mkfifo(place / "pipe.wav")
    for task, name in (
        ("character_text", "text"),
        ("speech_frames", "folder"),
        ("pixel_digits", "folder"),
        ("recorded_pattern", "recording"),
    ):
        for path in (place / "pipe.wav", Path("/dev/zero")):
            configure(place / "run.h5", task=task, task_settings={name: str(path)})
            with pytest.raises(ValueRefused):
                nr.resume(place / "run.h5", trials=3, progress=False)


def test_a_caller_trusts_by_a_word_or_by_class(place, capsys):
    import mine

    task, path = nr.task("periodic_output", **TASK), place / "mine.h5"
    made = nr.train(nr.Network.random(0, 4, 1, cell=mine.Mild), task, mine.Plain, "reference", trials=2, path=path, progress=False)
    assert np.array_equal(made.checkpoint(2).recurrent, made.network.recurrent)  # who trained it need not say so again
    assert nr.dynamics.alignment(made, trials=1).sizes["trial"] == 3
    made.network.save(place / "alone.h5")
    del sys.modules["mine"]
    with pytest.raises(RunFileError, match="mine:Mild"):
        nr.open_run(path)
    assert nr.open_run(path, trust=[mine.Mild]).network.cell == "mine:Mild"
    assert nr.Network.load(place / "alone.h5", trust=mine.Mild).cell == "mine:Mild"
    with pytest.raises(RunFileError, match="mine:Plain"):  # trusted alone, and one is missing
        nr.resume(path, trials=3, progress=False, trust=[mine.Mild])
    assert nr.resume(path, trials=3, progress=False, trust=[mine.Mild, mine.Plain]).done == 3
    assert nr.resume(path, trials=4, progress=False, trust=True).done == 4
    assert status_of(app, ["info", str(path), "--trust"]) == 0
    capsys.readouterr()
    assert status_of(app, ["resume", str(path), "--trials", "5", "--quiet"]) == 2
    assert "--trust" in capsys.readouterr().err
    with pytest.raises(ValueRefused, match="trust must be True, or the classes"):
        nr.open_run(path, trust="mine:Mild")


@pytest.mark.parametrize(
    ("option", "name", "said"),
    [
        ("--engine", "os:getcwd", "os:getcwd is no engine"),
        ("--cell", "os:path", "os:path is no cell"),
        ("--rule", "subprocess:Popen", "subprocess:Popen is no rule"),
        ("--optimiser", "evil:X", "evil:X is no optimiser"),
        ("--filter", "os:", "cannot import 'os:'"),
        ("--feedback", "neurorec.learning.feedbacks.base:AbstractFeedback", "lacks element"),
    ],
)
def test_the_command_line_imports_what_is_typed_and_calls_nothing_of_another_kind(place, monkeypatch, capsys, option, name, said):
    monkeypatch.chdir(place)
    assert status_of(app, ["train", "periodic_output", option, name, "--trials", "2"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (place / "called").exists()


def test_a_class_is_not_loaded_by_a_name_unless_it_is_there_already(place):
    with pytest.raises(UnknownName, match="not imported"):
        nr.Trials(np.zeros((2, 1, 0)), np.zeros((2, 1, 1)), loss="evil:X")
    assert nothing_ran(place)
    assert type(resolve("rules", "mine:Plain")).__name__ == "Plain"  # what a caller says is imported


def test_a_file_of_the_librarys_own_names_needs_no_trust(place):
    assert nr.resume(place / "run.h5", trials=3, progress=False).done == 3
    assert SequenceLoop.load(place / "loop.h5").done == 0
    assert RunReader.open(place / "run.h5").trust is False
