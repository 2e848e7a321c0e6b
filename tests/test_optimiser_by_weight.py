"""An optimiser for each weight: torch's parameter groups, in one training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.errors import NotOffered, UnknownName, ValueRefused
from neurorec.learning.by_weight import ByWeight
from neurorec.learning.optimisers.adagrad import Adagrad
from neurorec.learning.optimisers.adam import Adam
from neurorec.learning.optimisers.rmsprop import RMSProp
from neurorec.networks.weights import Weights

TASK = nr.task("periodic_output", period=0.2)
THREE = {"recurrent": "rmsprop", "input": "adam", "readout": "adagrad"}
RATES = {"recurrent": 1e-4, "input": 1e-3, "readout": 1e-2}


def net(**settings) -> nr.Network:
    return nr.Network.random(2, 6, 1, seed=0, **settings)


def data() -> nr.Trials:
    rng = np.random.default_rng(3)
    return nr.Trials(rng.normal(size=(9, 2, 2)), rng.normal(size=(9, 2, 1)))


@given(seed=st.integers(0, 1000), updates=st.integers(1, 6))
def test_weights_move_as_torchs_parameter_groups(seed, updates):
    rng, network = np.random.default_rng(seed), net()
    weights = Weights.of(network, np.float64)
    optimiser = ByWeight({"recurrent": RMSProp(), "input": Adam(), "readout": Adagrad()}).among(network, weights, tuple(THREE), "trial")
    rates, slots = weights.per_weight(network, RATES), np.zeros((len(optimiser.slots), weights.vector.size))
    named = {name: torch.tensor(weights.view(name).copy(), requires_grad=True) for name in THREE}
    theirs = [
        torch.optim.RMSprop([named["recurrent"]], lr=RATES["recurrent"], alpha=0.9),
        torch.optim.Adam([named["input"]], lr=RATES["input"]),
        torch.optim.Adagrad([named["readout"]], lr=RATES["readout"]),
    ]
    for count in range(1, updates + 1):
        change = weights.like(rng.normal(size=weights.vector.size))
        weights.vector += optimiser.moves(weights.vector, change.vector, slots, rates, count)
        for name, parameter in named.items():
            parameter.grad = torch.tensor(-change.view(name))
        for each in theirs:
            each.step()
    for name, parameter in named.items():
        assert np.abs(weights.view(name) - parameter.detach().numpy()).max() < 1e-12
    assert np.array_equal(weights.feedback, network.feedback)


@pytest.mark.parametrize("feedback", ["random", "kolen_pollack"])
def test_one_and_the_same_for_all_is_that_optimiser(feedback):
    how = {"trials": 12, "rate": 0.003, "feedback": feedback, "progress": False}
    one = nr.train(net(), data(), optimiser="adam", **how).network
    each = nr.train(net(), data(), optimiser=dict.fromkeys(THREE, "adam"), **how).network
    for name in (*THREE, "feedback"):
        assert np.array_equal(getattr(one, name), getattr(each, name))


@pytest.mark.parametrize("engine", ["numba", "torch", "trials", "ranks"])
def test_every_engine_moves_weights_as_the_reference(engine):
    how = {"trials": 12, "batch": 2, "rate": RATES, "optimiser": THREE, "clip": 0.5, "progress": False}
    ours, definition = (nr.train(net(), data(), engine=each, **how).network for each in (engine, "reference"))
    for name in THREE:
        assert np.abs(getattr(ours, name) - getattr(definition, name)).max() < 1e-5


def test_a_training_with_three_optimisers_goes_on_to_the_same_bits(tmp_path):
    network = nr.preset("scurnn", TASK.n_inputs, 4, TASK.n_outputs, dt=TASK.dt)
    how = nr.presets.training("scurnn")
    assert set(how["optimiser"].values()) == {"rmsprop", "adagrad", "adam"}
    straight = nr.train(network, TASK, trials=20, progress=False, **how)
    path = tmp_path / "run.h5"
    nr.train(network, TASK, trials=20, path=path, progress=lambda done, *_: done < 7, **how)
    assert "skew rmsprop" in repr(nr.open_run(path))
    resumed = nr.resume(path, progress=False)
    assert resumed.config["optimiser"] == how["optimiser"]
    for name in network.parts():
        assert np.array_equal(resumed.network.parts()[name], straight.network.parts()[name])


@pytest.mark.parametrize(
    ("optimiser", "settings", "error", "text"),
    [
        ({"recurrent": "adam", "input": "adam"}, {}, ValueRefused, "no optimiser for readout; give one each"),
        ({**THREE, "redout": "adam"}, {}, ValueRefused, "named 'redout'; there are recurrent"),
        ({**THREE, "readout": "adm"}, {}, UnknownName, "did you mean 'adam'"),
        ({**THREE, "readout": 3}, {}, NotOffered, "3"),
        ({}, {}, ValueRefused, "no optimiser for recurrent, input, readout"),
        (THREE, {"update": "step"}, NotOffered, "use update='trial', or one optimiser"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_step(optimiser, settings, error, text):
    with pytest.raises(error, match=text):
        nr.train(net(), data(), trials=3, rate=0.01, optimiser=optimiser, progress=False, **settings)
