"""An option of a training is said once: the call, the command line and the run file have it from there."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest

import neurorec as nr
from neurorec.tasks.base.recommended import TRAINING
from neurorec.training.settings import Options, TrainingSettings, options

NAMES = [f.name for f in options()]


def data() -> nr.Trials:
    return nr.Trials(np.zeros((3, 1, 1)), np.ones((3, 1, 1)))


def test_the_call_shows_every_option_with_its_default():
    shown = inspect.signature(nr.train).parameters
    assert {name: shown[name].default for name in NAMES} == {f.name: f.default for f in options()}
    assert all(f"\n{name} : " in nr.train.__doc__ for name in NAMES)
    assert "options" not in shown


def test_editors_know_the_same_options():
    assert sorted(Options.__annotations__) == sorted(NAMES)


def test_the_command_line_has_every_option():
    help = subprocess.run([sys.executable, "-m", "neurorec.cli", "train", "--help"], capture_output=True, text=True, check=True).stdout
    assert [name for name in NAMES if f"--{name.replace('_', '-')} " not in help] == []


def test_what_tasks_recommend_is_said_of_the_option():
    assert {f.name for f in options() if f.metadata["of_task"]} == {*TRAINING} - {"rule", "optimiser"}


def test_the_file_has_every_setting_as_it_was_asked_for():
    asked = {"trials": 3, "batch": 1, "rate": 0.01, "clip": 2.0, "weight_decay": 0.1, "anneal": 0.5, "seed": 7, "start": "carried"}
    config = nr.train(nr.Network.random(1, 3, 1), data(), progress=False, **asked).config
    assert {name: config[name] for name in asked} == asked
    assert TrainingSettings.of_run(config).as_dict() == {name: config[name] for name in (*NAMES, "uneven")}


def test_a_misspelt_option_is_named_with_the_right_one():
    with pytest.raises(TypeError, match=r"train\(\) got an unexpected keyword argument 'weight_decy'; did you mean 'weight_decay'\?"):
        nr.train(nr.Network.random(1, 3, 1), data(), weight_decy=0.1)


def test_an_option_that_came_later_does_nothing_to_an_older_run():
    config = nr.train(nr.Network.random(1, 3, 1), data(), trials=1, progress=False).config
    old = {name: value for name, value in config.items() if name not in ("start", "anneal", "uneven")}
    assert TrainingSettings.of_run(old) == TrainingSettings.of_run(config)
