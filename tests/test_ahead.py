"""Trials made in a thread are those made when they are asked for; what goes wrong in making them is said when they are."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.training import ahead
from neurorec.training.ahead import Ahead

ENGINE = NumbaEngine(threads=2)  # one thread more than it learns in: that of the trials
TRIALS = 400


class Counted(nr.AbstractTask):
    """Notes who made which trial; trial number `broken` cannot be made."""

    n_inputs, n_outputs, dt = 1, 1, 0.01

    def __init__(self, broken=10**9):
        self.made, self.broken = [], broken

    def trials(self, n, seed=0, first=0):
        self.made.append((first, n, threading.current_thread() is threading.main_thread()))
        if first <= self.broken < first + n:
            raise ValueError(f"no trial {self.broken}")
        rows = [np.random.default_rng((seed, first + k)).standard_normal((20, 1)) for k in range(n)]
        inputs = np.stack(rows, axis=1)
        return nr.Trials(inputs, 0.1 * inputs.cumsum(axis=0), dt=self.dt)

    def trial(self, rng):
        raise NotImplementedError

    def score(self, outputs, trials):
        return -np.abs(outputs - trials.targets).mean(axis=(0, 2))


def trained(task, **settings):
    net = nr.Network.random(1, 5, 1, gain=0.8)
    return nr.train(net, task, engine=ENGINE, progress=False, **{"trials": TRIALS, "rate": 0.01, **settings})


@pytest.fixture(autouse=True)
def always(monkeypatch):
    monkeypatch.setattr(ahead, "WORTH", 0.0)


@pytest.mark.parametrize("settings", [{}, {"batch": 7}, {"update": "step"}, {"gradient_angle": 20}], ids=str)
def test_it_is_the_same_training(settings, monkeypatch):
    task = Counted()
    found = trained(task, **settings)
    assert any(not main for _, _, main in task.made)
    monkeypatch.setattr(ahead, "WORTH", np.inf)
    task = Counted()
    alone = trained(task, **settings)
    assert all(main for _, _, main in task.made)
    assert (found.log["loss"].values == alone.log["loss"].values).all()
    assert (found.network.recurrent == alone.network.recurrent).all()


def test_a_trial_that_cannot_be_made_stops_the_training_there(tmp_path):
    with pytest.raises(ValueError, match="no trial 50"):
        trained(Counted(broken=50), path=tmp_path / "a.h5", record=nr.Record(every=10**6, checkpoints=2))
    assert nr.open_run(tmp_path / "a.h5").done <= 50


def test_a_trial_that_nobody_needs_stops_nothing():
    run = trained(Counted(broken=20), trials=20)
    assert run.done == 20


@given(asked=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5), st.booleans()), min_size=1, max_size=8))
def test_who_asks_for_other_trials_than_expected_gets_those(asked):
    made = Ahead(lambda first, n: (first, n), in_thread=True)
    for first, n, told in asked:
        assert made.take(first, n) == (first, n)
        made.expect(first + n, n if told else n + 1)
    made.close()


def test_no_thread_is_left():
    before = threading.active_count()
    trained(Counted())
    with pytest.raises(ValueError, match="no trial 9"):
        trained(Counted(broken=9))
    assert threading.active_count() == before
