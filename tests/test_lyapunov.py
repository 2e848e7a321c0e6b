"""Lyapunov exponents however seldom vectors are made orthogonal, and covariant vectors."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.dynamics import _frame
from neurorec.dynamics._map import as_map
from neurorec.errors import ValueRefused


def test_seldom_decompositions_change_nothing(monkeypatch):
    net = nr.Network.random(0, 12, 1, gain=2.0, seed=1)
    ask = {"exponents": 4, "steps": 600, "transient": 100}
    seldom = nr.dynamics.lyapunov(net, **ask)
    monkeypatch.setattr(_frame, "LONGEST", 1)
    every_step = nr.dynamics.lyapunov(net, **ask)
    assert np.abs(seldom["exponent"].values - every_step["exponent"].values).max() < 1e-10 / net.dt


@pytest.mark.parametrize("cell", ["leaky_tanh", "lstm"])
def test_a_trajectory_and_its_tangents_advance_as_they_do_apart(cell):
    system, rng = as_map(nr.Network.random(1, 5, 1, cell=cell, seed=0), [0.4]), np.random.default_rng(0)
    x, v = rng.normal(size=(3, system.size)), rng.normal(size=(3, system.size, 2))
    new, pushed = system.advance(x, v)
    assert np.abs(new - system.step(x)).max() < 1e-15
    assert np.abs(pushed - system.jacobian(x) @ v).max() < 1e-13


def test_a_driven_unit_has_the_mean_of_its_own_slopes():
    """h(t) = (1 - a) h(t-1) + a tanh(w h(t-1) + x(t)): log|1 - a + a w (1 - tanh^2)|, of the last three quarters of each trial."""
    net = nr.Network.random(1, 1, 1, parameters={"tau": 0.05}, dt=0.01, seed=0).replace(
        recurrent=np.array([[1.5]]), input=np.array([[1.0]])
    )
    inputs = np.random.default_rng(0).normal(size=(40, 3, 1)).astype(np.float32)
    found = nr.dynamics.lyapunov(net, nr.Trials(inputs, np.zeros((40, 3, 1)), dt=net.dt))
    h, grown = np.full(3, net.initial.ravel()[0], float), []
    for x in inputs[:, :, 0].astype(float):
        phi = np.tanh(1.5 * h + x)
        grown.append(np.log(np.abs(0.8 + 0.2 * 1.5 * (1 - phi**2))))
        h = 0.8 * h + 0.2 * phi
    assert np.allclose(found["exponent"].values[:, 0], np.mean(grown[10:], axis=0) / net.dt, rtol=1e-5)


def test_covariant_vectors_are_carried_onto_one_another():
    net = nr.Network.random(0, 12, 1, gain=2.5, seed=0)
    found = nr.dynamics.covariant_vectors(net, steps=200, transient=500, settling=500)
    system, v = as_map(net), found["vector"].values
    pushed = system.jacobian(found["state"].values[:-1]) @ v[:-1]
    grown = np.linalg.norm(pushed, axis=1)
    assert np.abs(np.abs((pushed * v[1:]).sum(axis=1)) / grown - 1).max() < 1e-12
    assert np.allclose(np.log(grown) / net.dt, found["growth"].values[1:], rtol=0, atol=1e-8)
    exponents = nr.dynamics.lyapunov(net, steps=200, transient=500)["exponent"]
    assert np.abs(found["exponent"].values.sum() - exponents.values.sum()) < 0.5 * abs(exponents.values.sum())


def test_covariant_vectors_of_a_constant_matrix_are_its_eigenvectors():
    matrix = np.array([[0.9, 0.7], [0.0, 0.5]])
    found = nr.dynamics.covariant_vectors(lambda x: x @ matrix.T, size=2, steps=5, transient=200, settling=100)
    assert np.allclose(found["exponent"], np.log([0.9, 0.5]), atol=1e-12)
    slow = np.array([0.7, -0.4]) / np.hypot(0.7, 0.4)
    assert np.allclose(np.abs(found["vector"].values[:, :, 1] @ slow), 1, atol=1e-12)
    assert np.isnan(found["angle"]).all()  # nothing grows


def test_the_angle_between_what_grows_and_what_shrinks():
    matrix = np.array([[2.0, 1.5], [0.0, 0.5]])  # eigenvectors (1, 0) and (1, -1): 45 degrees
    found = nr.dynamics.covariant_vectors(lambda x: x @ matrix.T, start=[0.0, 0.0], steps=5, transient=60, settling=60)
    assert np.allclose(found["angle"], 45, atol=1e-9)


def test_too_many_vectors_for_memory_are_refused():
    with pytest.raises(ValueRefused, match="fewer steps or exponents"):
        nr.dynamics.covariant_vectors(nr.Network.random(0, 100, 1, seed=0), steps=10**9)
