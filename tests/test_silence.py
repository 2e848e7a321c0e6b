"""A network that nothing can move says so, once, and the ways out that it names do move it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sympy

import neurorec as nr
from neurorec import cli
from neurorec.cli.exits import status_of
from neurorec.errors import SilentNetworkWarning
from neurorec.networks.cells.base import AbstractCell

TASK = nr.task("periodic_output", period=0.2)


class Own(AbstractCell):
    """As a user writes one, without a word on where it starts."""

    states, parameters = ("h",), {"tau": 0.05}

    @staticmethod
    def step(h, u, dt, tau):
        return (1 - dt / tau) * h + dt / tau * sympy.tanh(u)


def net(cell, **settings):
    return nr.Network.random(0, 8, 1, cell=cell, gain=1.0, **settings)


def warned(network, task=TASK, **settings):
    """How often it was said, and the losses."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run = nr.train(network, task, **{"trials": 4, "rule": "bptt", "progress": False, **settings})
    silent = [each for each in said if each.category is SilentNetworkWarning]
    assert all(each.filename == __file__ for each in silent), "it names another line than the caller's"
    return [str(each.message) for each in silent], run.log["loss"].values


@pytest.mark.parametrize("cell", [Own, "modrelu", "lru"], ids=str)
def test_a_network_that_starts_at_zero_without_an_input_says_so_once(cell):
    said, losses = warned(net(cell))
    assert len(said) == 1 and "the task has no input" in said[0] and "initial=0.1" in said[0]
    assert (losses == losses[0]).all()


@pytest.mark.parametrize(
    "settings", [{"update": "step", "rule": "rflo"}, {"optimiser": "adam"}, {"weight_decay": 0.1, "rate": 0.1}], ids=str
)
def test_it_says_so_whatever_moves_the_weights(settings):
    assert len(warned(net("modrelu"), **settings)[0]) == 1


@pytest.mark.parametrize("cell", [Own, "modrelu", "lru"], ids=str)
def test_the_ways_out_that_it_names_move_it(cell):
    for way in ({"initial": 0.1}, {"noise": 0.01}):
        said, losses = warned(net(cell, **way), rate=0.01)
        assert said == [] and losses[0] != losses[-1], way


def test_the_command_line_says_so_in_a_line(tmp_path, capsys):
    """Its way out is an option."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        arguments = [
            "periodic_output",
            "--set",
            "period=0.2",
            "--cell",
            "modrelu",
            "--units",
            "8",
            "--rule",
            "bptt",
            "--trials",
            "2",
            "--quiet",
        ]
        assert status_of(cli.app, ["train", *arguments, "--out", str(tmp_path / "run.h5")]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("neurorec: the network is silent") and "--noise 0.01" in line


def test_a_network_with_an_input_is_waited_for():
    """Trials in which nothing came in prove nothing; fifty of them do."""
    quiet = nr.Trials(np.zeros((5, 2, 1)), np.ones((5, 2, 1)))
    silent = nr.Network.random(1, 8, 1, cell="modrelu", gain=1.0)
    assert warned(silent, quiet, trials=20)[0] == []
    assert "its inputs are 0" in warned(silent, quiet, trials=60)[0][0]
    mixed = nr.Trials(np.stack([np.zeros((5, 1)), np.ones((5, 1))], axis=1), np.ones((5, 2, 1)))
    assert warned(silent, mixed, trials=60)[0] == []


def test_a_network_that_has_nothing_to_learn_or_may_not_is_left_alone():
    content = nr.Trials(np.zeros((5, 2, 0)), np.zeros((5, 2, 1)))
    assert warned(net("modrelu"), content)[0] == []
    assert warned(net("modrelu"), rate={"recurrent": 0, "input": 0, "readout": 0, "b": 0})[0] == []
    assert warned(net("leaky_tanh").replace(readout=np.zeros((1, 8))))[0] == []


def test_of_many_networks_it_names_which():
    with pytest.warns(SilentNetworkWarning) as said:
        nr.train([net("modrelu", initial=0.1), net("modrelu")], TASK, rule="bptt", trials=4, progress=False)
    assert [str(each.message).partition(":")[0] for each in said] == ["network 1"]
