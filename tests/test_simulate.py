"""What a simulation may be given: trials, a task, its name, or nothing but inputs."""

from __future__ import annotations

import numpy as np
import pytest
from cases import ORDINARY, network, trials

import neurorec as nr
from neurorec.errors import NotOffered, ShapeError, UnknownName, ValueRefused

TASK = nr.task("n_bit_flip_flop", duration=0.3)
NET = nr.Network.random(3, 8, 3, noise=0.05)


def same(a, b):
    return np.array_equal(a.outputs, b.outputs) and all(np.array_equal(a.states[name], b.states[name]) for name in a.states)


def test_a_task_draws_its_trials():
    by_hand = nr.simulate(NET, TASK.trials(10, seed=4), seed=4)
    found = nr.simulate(NET, TASK, seed=4)
    assert same(found, by_hand) and np.array_equal(found.loss, by_hand.loss)
    assert np.array_equal(found.trials.inputs, by_hand.trials.inputs)
    assert nr.simulate(NET, TASK, n=2).trials.count == 2
    assert nr.simulate(nr.Network.random(0, 5, 1), "periodic_output", n=1).outputs.shape == (200, 1, 1)


@pytest.mark.parametrize("engine", ["numba", "reference"])
def test_inputs_alone_are_enough(engine):
    given = TASK.trials(4)
    asked, alone = nr.simulate(NET, given, engine=engine), nr.simulate(NET, given.inputs, engine=engine)
    assert same(alone, asked)
    assert np.isnan(alone.loss).all() and alone.loss.shape == (4,) and not alone.trials.has_targets
    data = alone.to_xarray()
    assert not {"target", "loss", "mask"} & set(data) and {"h", "output", "input"} <= set(data)
    assert np.array_equal(data["time"], asked.to_xarray()["time"])


def test_inputs_of_two_dimensions_are_one_trial():
    given = TASK.trials(1)
    assert same(nr.simulate(NET, given.inputs[:, 0]), nr.simulate(NET, given))
    assert nr.simulate(NET, given.inputs[:, 0].tolist()).outputs.shape == (30, 1, 3)


def test_trials_without_targets_keep_their_conditions_and_can_be_streamed(tmp_path):
    given = nr.Trials(TASK.trials(2).inputs, conditions={"side": ["left", "right"]})
    found = nr.simulate(NET, given)
    assert found.to_xarray()["side"].values.tolist() == ["left", "right"]
    streamed = nr.stream(NET, given, tmp_path / "s.h5", progress=False).to_xarray()
    assert np.allclose(streamed["output"].values, found.outputs)


def test_where_something_must_be_asked_their_lack_is_said(tmp_path):
    silent = nr.Trials(trials(ORDINARY).inputs, dt=0.02)
    for use in (
        lambda: nr.weight_change(network(ORDINARY), silent),
        lambda: nr.train(network(ORDINARY), silent, progress=False),
        lambda: nr.stream(network(ORDINARY), silent, tmp_path / "s.h5", record=nr.Record(("target",))),
    ):
        with pytest.raises(ValueRefused, match="no targets"):
            use()


def test_what_cannot_be_simulated_is_refused():
    with pytest.raises(ShapeError, match="trials have 2 channels of inputs, the network has 3"):
        nr.simulate(NET, np.zeros((5, 2)))
    with pytest.raises(UnknownName, match="did you mean 'periodic_output'"):
        nr.simulate(NET, "periodic_outputs")
    with pytest.raises(ValueRefused, match="n must be a whole number from 1"):
        nr.simulate(NET, TASK, n=0)
    with pytest.raises(NotOffered, match="NBitFlipFlop.* is no network; pass a network first"):
        nr.simulate(TASK, NET)
    with pytest.raises(NotOffered, match="^a Network is no task"):
        nr.train(NET, NET, progress=False)
    with pytest.raises(ValueRefused, match="inputs must hold numbers"):
        nr.simulate(NET, [["a"]])
