"""Principal components of states: against NumPy's singular values, and on states that are known."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import UnknownName, ValueRefused
from neurorec.simulation.trajectories import Trajectories


def trajectories(states: np.ndarray, **conditions: np.ndarray) -> Trajectories:
    T, B = states.shape[:2]
    nothing = np.zeros((T, B, 1))
    return Trajectories(nothing, {"h": states}, nr.Trials(nothing, nothing, conditions=conditions))


def test_the_components_are_those_of_a_singular_value_decomposition():
    states = np.random.default_rng(0).normal(size=(30, 4, 6)) * np.arange(1, 7)
    found = nr.dynamics.principal_components(trajectories(states), n=3)
    flat = states.reshape(-1, 6) - states.reshape(-1, 6).mean(axis=0)
    sizes = np.linalg.svd(flat, compute_uv=False)
    np.testing.assert_allclose(found["explained"], (sizes**2 / (sizes**2).sum())[:3], rtol=1e-10)
    np.testing.assert_allclose(found["component"].values.reshape(-1, 3), flat @ found["loadings"].values.T, atol=1e-10)
    np.testing.assert_allclose(found["loadings"].values @ found["loadings"].values.T, np.eye(3), atol=1e-12)
    assert found["component"].dims == ("time", "trial", "component")


def test_states_on_a_line_have_one_component_and_keep_time_and_conditions():
    line, time = np.array([1.0, -2.0, 0.5]), np.linspace(0, 1, 20)
    states = np.stack([time[:, None] * line, -time[:, None] * line], axis=1)
    found = nr.dynamics.principal_components(trajectories(states, direction=np.array([1, -1])), n=1)
    np.testing.assert_allclose(found["explained"], [1.0])
    np.testing.assert_allclose(np.abs(found["loadings"].values[0]), np.abs(line) / np.linalg.norm(line))
    assert found["loadings"].values[0, 1] > 0  # the largest entry is positive
    assert found["component"].groupby("direction").mean().sizes["direction"] == 2
    assert found["time"].values[-1] == pytest.approx(0.2)  # 20 steps of 10 ms


def test_of_a_run_and_of_a_simulation():
    task = nr.task("periodic_output", period=0.2)
    net = nr.Network.random(task.n_inputs, 5, task.n_outputs, dt=task.dt, seed=0)
    run = nr.train(net, task, trials=4, progress=False, record=nr.Record(("h",)))
    assert nr.dynamics.principal_components(run, n=2)["component"].sizes == {"time": 20, "trial": 4, "component": 2}
    assert nr.dynamics.principal_components(nr.simulate(net, task.trials(1)))["component"].sizes["component"] == 3
    outputs_only = nr.train(net, task, trials=1, progress=False, record=nr.Record(("output",)))
    with pytest.raises(UnknownName, match="'h'"):
        nr.dynamics.principal_components(outputs_only)


def test_what_has_no_components_is_refused():
    moving = trajectories(np.random.default_rng(0).normal(size=(5, 1, 4)))
    with pytest.raises(ValueRefused, match="at most 4"):
        nr.dynamics.principal_components(moving, n=5)
    with pytest.raises(ValueRefused, match="stand still"):
        nr.dynamics.principal_components(trajectories(np.ones((5, 1, 4))))
