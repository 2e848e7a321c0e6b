"""Limit cycles of flows and invariant curves of maps whose periods and multipliers are known."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import NotOffered


def van_der_pol(mu):
    return lambda x: np.stack([x[:, 1], mu * (1 - x[:, 0] ** 2) * x[:, 1] - x[:, 0]], axis=1)


def hopf(mu, omega):
    """In polar coordinates dr/dt = (mu - r^2) r, d phi/dt = omega."""
    turn = np.array([[0, omega], [-omega, 0]])
    return lambda x: x * (mu - (x**2).sum(axis=1, keepdims=True)) + x @ turn


@pytest.mark.parametrize(
    ("mu", "period", "multiplier"), [(0.1, 6.287111272289, 0.53306926), (1, 6.663286859323, 8.59695e-4), (5, 11.612230667720, 0)]
)
def test_van_der_pol(mu, period, multiplier):
    found = nr.dynamics.limit_cycles(van_der_pol(mu), starts=[[2.0, 0.0]], settling=20.0, longest=15.0)
    assert found["status"].values.tolist() == ["cycle"]
    assert abs(found["period"].values[0] - period) < 1e-9
    assert np.allclose(found["multipliers"].values[0], [1, multiplier], atol=1e-8, rtol=0)
    assert found["stable"].values.tolist() == [True]


@pytest.mark.parametrize(
    ("weights", "period", "multiplier"),
    [([[2, -2], [2, 2]], 6.837633548050, 0.00619598), ([[1.5, -1], [1, 1.5]], 9.883176429947, 0.00358474)],
)
def test_two_units_of_a_network(weights, period, multiplier):
    """tau dh/dt = -h + tanh(W h) has the orbits of x' = -x + W tanh(x): h = tanh(x), filtered."""
    net = nr.Network.random(0, 2, 1, cell="leaky_tanh", parameters={"tau": 1.0}, dt=0.01, seed=0).replace(recurrent=np.array(weights))
    found = nr.dynamics.limit_cycles(net, starts=[[0.5, 0.0]], settling=50.0, longest=30.0)
    assert abs(found["period"].values[0] - period) < 1e-8
    assert np.allclose(found["multipliers"].values[0], [1, multiplier], atol=1e-7, rtol=0)
    assert found["residual"].max() < 1e-9


def test_a_cycle_that_repels_is_found_from_near_it_and_one_that_is_found_twice_is_one():
    backwards = lambda x: -hopf(0.25, 2.0)(x)  # noqa: E731 - one line of algebra
    found = nr.dynamics.limit_cycles(backwards, starts=[[0.5, 0.0], [0.0, -0.5]], settling=0, longest=10.0)
    assert found["multiplicity"].values.tolist() == [2]
    assert np.allclose(found["period"], np.pi, atol=1e-10)
    assert np.allclose(found["multipliers"].values[0], [np.exp(4 * np.pi * 0.25 / 2), 1], rtol=1e-8)
    assert found["stable"].values.tolist() == [False]


def test_what_rests_leaves_or_has_no_flow_is_said():
    rests = nr.dynamics.limit_cycles(lambda x: -x, starts=[[1.0, 0.5]])
    assert (rests["status"].values.tolist(), rests.sizes["cycle"]) == (["rest"], 0)
    straight = nr.dynamics.limit_cycles(lambda x: np.ones_like(x), starts=[[1.0, 0.5]], settling=0)
    assert straight["status"].values.tolist() == ["no return"]
    with pytest.raises(NotOffered, match="no step of Euler's"):
        nr.dynamics.limit_cycles(nr.Network.random(0, 3, 1, cell="tanh", seed=0))
    assert nr.dynamics.limit_cycles(lambda x: -x, size=2, seconds=0.0).attrs["partial"] == 1


@pytest.mark.parametrize("h", [0.1, 0.01])
def test_the_curve_on_which_euler_winds_round_the_hopf_normal_form(h):
    mu, omega = 0.1, 1.0
    bend = np.sqrt(1 - h**2 * omega**2)
    radius = np.sqrt(mu + (1 - bend) / h)
    flow = hopf(mu, omega)
    found = nr.dynamics.invariant_curves(lambda x: x + h * flow(x), starts=[[0.4, 0.0], [0.0, 0.35]], settling=int(100 / h), dt=h)
    assert found["multiplicity"].values.tolist() == [2]
    assert np.allclose(np.linalg.norm(found["state"].values[0], axis=1), radius, rtol=0, atol=1e-12)
    assert np.allclose(found["rotation"], np.arcsin(h * omega), rtol=0, atol=1e-12)
    assert np.allclose(found["multipliers"].values[0], [1, 1 - 2 * h * radius**2 * bend], rtol=0, atol=1e-9)
    assert found["stable"].values.tolist() == [True]
    assert found["residual"].max() < 1e-12


def test_a_network_has_a_curve_where_its_flow_has_a_cycle():
    net = nr.Network.random(0, 2, 1, parameters={"tau": 1.0}, dt=0.02, seed=0).replace(recurrent=np.array([[2.0, -2.0], [2.0, 2.0]]))
    curve = nr.dynamics.invariant_curves(net, starts=[[0.5, 0.0]])
    assert curve["status"].values.tolist() == ["curve"]
    assert abs(curve["period"].values[0] / 6.837633548050 - 1) < 0.02  # an error of Euler's, of the order of dt
    assert curve["truncation"].values[0] < 1e-6
    assert abs(curve["multipliers"].values[0, 0] - 1) < 1e-6


def test_what_is_no_curve_is_said():
    net = nr.Network.random(0, 4, 1, gain=0.5, seed=0)
    assert set(nr.dynamics.invariant_curves(net)["status"].values.tolist()) == {"point"}
    assert nr.dynamics.invariant_curves(lambda x: np.tanh(-2 * x), starts=[[0.3]])["status"].values.tolist() == ["cycle"]
    assert nr.dynamics.invariant_curves(lambda x: 4 * x * (1 - x), starts=[[0.3]])["status"].values.tolist() == ["no curve"]
    assert nr.dynamics.invariant_curves(lambda x: 3 * x, starts=[[0.3]])["status"].values.tolist() == ["diverged"]
