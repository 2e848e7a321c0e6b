"""Fixed points, cycles, branches and Lyapunov exponents against what is known of systems that can be solved by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.dynamics import _descent, _roots
from neurorec.dynamics._map import StepMap, as_map
from neurorec.errors import NotOffered, ShapeError, ValueRefused

ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])


def tanh_map(weights):
    """x -> tanh(W x), with its Jacobian."""
    weights = np.atleast_2d(np.asarray(weights, float))
    slope = lambda x: (1 - np.tanh(x @ weights.T) ** 2)[:, :, None] * weights  # noqa: E731 - one line of algebra
    return {"net": lambda x: np.tanh(x @ weights.T), "size": len(weights), "jacobian": slope}


def points_of(weights, **more):
    return nr.dynamics.fixed_points(**tanh_map(weights), **more)


def count(points):
    names, counts = np.unique(points["stability"].values, return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


# Jacobians -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [name for name in nr.names("cells") if nr.Network.random(1, 1, 1, cell=name).formula.exact])
def test_jacobians_of_every_cell_are_those_of_finite_differences(cell):
    net, rng = nr.Network.random(2, 4, 1, cell=cell, seed=1), np.random.default_rng(0)
    system = as_map(net, [0.3, -0.2])
    x = rng.normal(size=(3, system.size))
    x += 0.1 * np.sign(x)  # away from kinks
    exact, tangents = system.jacobian(x), rng.normal(size=(3, system.size, 2))
    assert np.abs(StepMap(system.step, system.size, 1.0).jacobian(x) - exact).max() < 1e-8
    assert np.abs(system.push(x, tangents) - exact @ tangents).max() < 1e-12
    assert np.allclose(nr.dynamics.jacobian(net, x[0], [0.3, -0.2]), exact[0], rtol=0, atol=1e-14)
    r, slope = system.gradient(x)
    assert np.abs(slope - np.einsum("bji,bj->bi", exact - np.eye(system.size), r)).max() < 1e-12


def test_jacobians_of_filters_and_architectures():
    rng = np.random.default_rng(0)
    for net in (nr.Network.random(2, 4, 1, cell="lstm", filter="momentum", seed=1), nr.preset("sbo", 2, 4, 1)):
        system = as_map(net)
        x = rng.normal(size=(2, system.size))
        exact = system.jacobian(x)
        assert np.abs(StepMap(system.step, system.size, 1.0).jacobian(x) - exact).max() < 1e-8
        r, slope = system.gradient(x)
        assert np.abs(slope - np.einsum("bji,bj->bi", exact - np.eye(system.size), r)).max() < 1e-12


def test_a_map_steps_as_a_simulation_does():
    net, rng = nr.Network.random(2, 5, 1, cell="gru", seed=0), np.random.default_rng(0)
    inputs = np.repeat(rng.normal(size=(1, 1, 2)), 6, axis=0)
    states = nr.simulate(net, nr.Trials(inputs, np.zeros((6, 1, 1)), dt=net.dt), engine="reference").states["h"][:, 0]
    system = as_map(net, inputs[0, 0])
    assert np.abs(system.step(states[:-1]) - states[1:]).max() < 1e-12


# Fixed points ----------------------------------------------------------------------------------------------------------

KNOWN = {1.1: (0.50294057494464182, 0.821755855882), 1.5: (0.85855963664011036, 0.394313025499), 2: (0.95750402407726874, 0.166372087752)}


@pytest.mark.parametrize(("gain", "known"), KNOWN.items())
def test_one_unit_with_itself(gain, known):
    points = points_of(gain)
    assert np.allclose(points["state"].values[:, 0], [-known[0], 0, known[0]], rtol=0, atol=1e-14)
    assert np.allclose(points["eigenvalues"].values[:, 0].real, [known[1], gain, known[1]], rtol=0, atol=1e-11)
    assert points["stable"].values.tolist() == [True, False, True]
    assert points["error"].max() < 1e-12


def test_a_flip_flop_along_the_axes_has_27_points():
    points = points_of(2 * np.eye(3))
    assert (points.sizes["point"], count(points)) == (27, {"stable": 8, "saddle": 18, "unstable": 1})
    assert np.bincount(points["n_unstable"].values).tolist() == [8, 12, 6, 1]
    assert not points["dimension"].values.any()


def test_a_rotation_with_gain():
    points = points_of([[4, -1], [1, 4]])
    assert points.sizes["point"] == 9
    origin = points.isel(point=int(np.abs(points["state"].values).sum(axis=1).argmin()))
    assert np.allclose(origin["eigenvalues"], [4 + 1j, 4 - 1j])
    assert np.allclose(np.abs(points["state"]).max("point"), [0.9999081965436631] * 2, rtol=0, atol=1e-13)
    assert np.allclose(origin["frequency"], np.arctan2(1, 4) / 2 / np.pi)


def test_fibres_find_what_few_starts_miss():
    weights = 2 * np.eye(3)
    starts = np.full((3, 3), 0.9)
    alone, with_fibres = (points_of(weights, starts=starts, fibres=n) for n in (0, 3))
    assert alone.sizes["point"] == 1
    assert with_fibres.sizes["point"] == 27
    assert (with_fibres["found_by"] == "fibre").sum() == 26


def test_a_ring_is_one_manifold_and_pinned_points_are_many():
    ring = lambda units, gain: 2 * gain / units * np.cos(np.subtract.outer(*[2 * np.pi * np.arange(units) / units] * 2))  # noqa: E731
    points = points_of(ring(64, 1.5), starts=np.random.default_rng(0).normal(size=(100, 64)))
    assert sorted(points["dimension"].values.tolist()) == [0, 1]
    ring_point = points.isel(point=int(points["dimension"].values.argmax()))
    assert str(ring_point["stability"].values) == "marginal"
    assert np.allclose(np.sort(np.abs(ring_point["eigenvalues"]))[-2:], [0.4181492736, 1], rtol=0, atol=1e-9)
    assert points_of(ring(16, 4.0)).sizes["point"] == 2 * 16 + 1


def test_a_line_of_points_is_one_manifold():
    points = nr.dynamics.fixed_points(lambda x: x @ np.array([[1, 0.3], [0, 0.5]]), size=2)
    assert points["dimension"].values.tolist() == [1]
    assert points["stability"].values.tolist() == ["marginal"]


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_every_point_of_a_random_network_stands_still_and_mirrors_another(units, seed):
    weights = 3 * np.random.default_rng(seed).normal(size=(units, units)) / units**0.5
    points = points_of(weights, seed=seed)
    x = points["state"].values
    assert np.abs(np.tanh(x @ weights.T) - x).max() < 1e-12
    assert all(np.linalg.norm(x + row, axis=1).min() < 1e-6 for row in x)  # odd: -x is a point as well
    assert points["multiplicity"].sum() == (points["status"] == "converged").sum() + (points["status"] == "outlier").sum()


def test_what_stalls_is_slow_and_no_fixed_point():
    points = nr.dynamics.fixed_points(lambda x: x + 0.1 + x**2, size=1, starts=np.linspace(-1, 1, 9)[:, None])
    assert points.sizes["point"] == 0
    assert set(points["status"].values.tolist()) <= {"slow", "diverged"}
    assert np.allclose(points["slow_speed"], 0.1)
    assert np.allclose(points["slow_state"], 0, atol=0.01)


def test_large_systems_go_down_by_products_alone_and_find_the_same(monkeypatch):
    net = nr.Network.random(0, 3, 1, cell="tanh", seed=0).replace(recurrent=2 * np.eye(3))
    small = nr.dynamics.fixed_points(net)
    monkeypatch.setattr(_roots, "LARGE", 0)
    large = nr.dynamics.fixed_points(net)
    assert (small.sizes["point"], large.sizes["point"]) == (27, 27)
    assert np.allclose(small["state"], large["state"], rtol=0, atol=1e-12)
    assert (large["start_residual"].values[large["status"] == "slow"] > 1e-6).all()
    assert set(large["status"].values.tolist()) <= {"converged", "slow"}


def test_a_descent_ends_at_a_minimum_of_the_speed():
    system = StepMap(lambda x: x + 0.1 + x**2 @ np.array([[1.0, 0.2], [0.2, 2.0]]), 2, 1.0)
    gradient = lambda x: (r := system.step(x) - x, np.einsum("bji,bj->bi", system.jacobian(x), r) - r)  # noqa: E731
    end = _descent.descend(gradient, np.array([[0.7, -0.4], [0.2, 0.3]]), lambda: False)
    assert end.flat.all()
    assert np.allclose(end.x, 0, atol=0.02)


def test_starts_that_escape_and_an_outlier():
    far = lambda x: np.where(np.abs(x) < 1, 0.5 * x, 0.5 * x + 100)  # noqa: E731 - roots at 0 and 200
    points = nr.dynamics.fixed_points(far, starts=np.array([[0.1], [0.2], [-0.3], [1.2]]), fibres=0)
    assert points["status"].values.tolist() == ["converged"] * 3 + ["outlier"]
    assert np.allclose(points["state"][:, 0], [0, 200])
    escaped = nr.dynamics.fixed_points(lambda x: x**3, starts=np.array([[1e200], [0.9]]), fibres=0)
    assert escaped["status"].values.tolist() == ["diverged", "converged"]


def test_the_same_points_from_other_starts_and_the_same_bits_from_the_same():
    net = nr.Network.random(0, 8, 1, gain=2.5, seed=3)
    first, again, other = (nr.dynamics.fixed_points(net, seed=seed) for seed in (0, 0, 1))
    assert first.identical(again)
    assert np.allclose(first["state"], other["state"], atol=1e-9)


def test_points_of_a_trained_network_begin_at_its_trajectories():
    task = nr.task("n_bit_flip_flop", n_bits=1, duration=0.5)
    net = nr.Network.random(task.n_inputs, 12, task.n_outputs, dt=task.dt, seed=0)
    shown = nr.simulate(net, task.trials(4), engine="reference")
    points = nr.dynamics.fixed_points(net, [0.0], shown)
    assert points.sizes["start"] == min(512, 4 * task.trials(1).steps)
    assert points["readout"].dims == ("point", "output")
    assert points["speed"].max() < 1e-10


def test_a_budget_that_runs_out_is_marked():
    points = nr.dynamics.fixed_points(nr.Network.random(0, 30, 1, gain=1.8, seed=0), seconds=0.0)
    assert points.attrs["partial"] == 1
    assert "unfinished" in points["status"].values


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda net: nr.dynamics.fixed_points(net, starts=np.zeros((2, 3))), ShapeError, r"starts must be \(starts, 5\)"),
        (lambda net: nr.dynamics.fixed_points(net, inputs=np.zeros(3)), ShapeError, "inputs"),
        (lambda net: nr.dynamics.fixed_points("net"), NotOffered, "expected a network, or a function"),
        (lambda net: nr.dynamics.fixed_points(lambda x: x[:, :1], starts=np.zeros((2, 3))), ShapeError, "the step function must take"),
        (lambda net: nr.dynamics.fixed_points(net, starts=np.zeros((0, 5))), ValueRefused, "starts is empty"),
        (lambda net: nr.dynamics.fixed_points(net, starts=np.full((1, 5), np.nan)), ValueRefused, "starts"),
        (lambda net: nr.dynamics.fixed_points(lambda x: x / 2, size=10**6), ValueRefused, "products with the weights alone"),
        (lambda net: nr.dynamics.lyapunov(net, exponents=6), ValueRefused, "there are 5 exponents"),
        (lambda net: nr.dynamics.lyapunov(lambda x: 3 * x, start=[1.0], steps=2000), ValueRefused, "the trajectory diverges"),
        (lambda net: nr.dynamics.cycles(net, longest=1), ValueRefused, "longest"),
        (lambda net: nr.dynamics.continuation(net, np.zeros(5), ([0.0], [0.0])), ValueRefused, "both inputs are the same"),
        (lambda net: nr.dynamics.continuation(lambda x, p: x + 1 + p**2, [0.0], (0.0, 1.0)), ValueRefused, "no fixed point near start"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(ask, error, says):
    with pytest.raises(error, match=says):
        ask(nr.Network.random(1, 5, 1, seed=0))


# Cycles ----------------------------------------------------------------------------------------------------------------


def test_two_units_that_invert_themselves():
    found = nr.dynamics.cycles(**tanh_map(-2 * np.eye(2)), longest=6)
    assert found["period"].values.tolist() == [2, 2, 2, 2]
    assert sorted(found["stability"].values.tolist()) == ["saddle", "saddle", "stable", "stable"]
    assert found["residual"].max() < 1e-12


def test_a_quarter_turn_has_two_orbits_of_four_steps():
    found = nr.dynamics.cycles(**tanh_map(2 * ROTATION), longest=6)
    assert found["period"].values.tolist() == [4, 4]
    stable = found.isel(cycle=int(found["stable"].values.argmax()))
    assert np.allclose(stable["multipliers"], 7.66164219e-4, rtol=1e-8)


def test_henon_and_the_skew_tent():
    henon = lambda x: np.stack([1 - 1.4 * x[:, 0] ** 2 + x[:, 1], 0.3 * x[:, 0]], axis=1)  # noqa: E731
    starts = np.random.default_rng(0).normal(size=(60, 2)) / 2
    found = nr.dynamics.cycles(henon, starts=starts, longest=2)
    assert np.allclose(found["state"][0, :, 0], [-0.47580005, 0.97580005], atol=1e-8)
    assert np.allclose(found["multipliers"][0], [-3.01010067, -0.02989933], atol=1e-8)
    tent = nr.dynamics.cycles(lambda z: np.where(z < 0, 0.5 * z + 1, -1.5 * z + 1), size=1, longest=3)
    assert np.allclose(tent["state"][0, :2, 0], [-0.285714285714, 0.857142857143], atol=1e-12)
    assert np.allclose(tent["multipliers"], -0.75)


def test_a_cycle_is_no_fixed_point_and_has_its_smallest_period():
    found = nr.dynamics.cycles(**tanh_map(-2.0), longest=6)
    assert found["period"].values.tolist() == [2]
    assert np.allclose(np.sort(found["state"][0, :2, 0]), [-KNOWN[2][0], KNOWN[2][0]])


# Branches --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gain", "at"), [(1.5, 0.20754646), (2.0, 0.53283998), (3.0, 1.30327391)])
def test_folds_of_one_unit_under_a_current(gain, at):
    branch = nr.dynamics.continuation(lambda x, p: np.tanh(gain * x + p), [-0.999], (-3.0, 3.0))
    there = branch["bifurcation"].values != ""
    assert branch["bifurcation"].values[there].tolist() == ["fold", "fold"]
    assert np.allclose(branch["input"].values[there, 0], [at, -at], atol=1e-7)
    assert (branch["stable"].values[0], branch["stable"].values[-1]) == (True, True)
    assert not branch["stable"].values[~there & (np.abs(branch["state"].values[:, 0]) < 0.2)].any()


@pytest.mark.parametrize(("weights", "kind"), [([[1.0]], "branch point"), ([[-1.0]], "flip"), (ROTATION, "neimark-sacker")])
def test_what_happens_at_a_gain_of_one(weights, kind):
    weights = np.array(weights)
    branch = nr.dynamics.continuation(lambda x, p: np.tanh(p * x @ weights.T), np.zeros(len(weights)), (0.5, 1.5))
    there = branch["bifurcation"].values != ""
    assert branch["bifurcation"].values[there].tolist() == [kind]
    assert np.allclose(branch["input"].values[there, 0], 1, atol=1e-6)


def test_a_branch_of_a_network_stays_on_its_fixed_points():
    net = nr.Network.random(1, 6, 1, gain=1.2, seed=0)
    branch = nr.dynamics.continuation(net, np.zeros(6), ([0.0], [1.0]))
    for row in branch["share"].values[[0, len(branch["share"]) // 2, -1]]:
        some = branch.isel(step=int(np.argmin(np.abs(branch["share"].values - row))))
        system = as_map(net, some["input"].values)
        assert np.abs(system.step(some["state"].values[None]) - some["state"].values).max() < 1e-8


# Lyapunov exponents ----------------------------------------------------------------------------------------------------


def test_exponents_of_maps_that_are_known():
    henon = lambda x: np.stack([1 - 1.4 * x[:, 0] ** 2 + x[:, 1], 0.3 * x[:, 0]], axis=1)  # noqa: E731
    found = nr.dynamics.lyapunov(henon, start=[0.1, 0.1], steps=4000)
    assert abs(found["exponent"].sum() - np.log(0.3)) < 1e-9
    assert abs(found["exponent"][0] - 0.4192) < 0.02
    assert abs(found["dimension"] - 1.258) < 0.02
    logistic = nr.dynamics.lyapunov(lambda x: 4 * x * (1 - x), start=[0.3], steps=4000)
    assert abs(logistic["exponent"][0] - np.log(2)) < 0.005


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 5), st.integers(0, 10**6))
def test_exponents_of_a_constant_matrix_are_the_logarithms_of_its_eigenvalues(n, seed):
    rng = np.random.default_rng(seed)
    values = rng.permutation(0.9 ** np.arange(1, n + 1) * 0.95)
    basis = rng.normal(size=(n, n)) + 2 * np.eye(n)
    matrix = basis @ np.diag(values) @ np.linalg.inv(basis)
    found = nr.dynamics.lyapunov(lambda x: x @ matrix.T, size=n, steps=300, transient=400, seed=seed)
    assert np.allclose(found["exponent"], np.sort(np.log(values))[::-1], atol=1e-6)


def test_the_mean_exponent_is_that_of_the_volume():
    net = nr.Network.random(0, 20, 1, cell="tanh", gain=3.0, seed=0, dt=1.0)
    found = nr.dynamics.lyapunov(net, steps=400, transient=100, start=np.full(20, 0.1))
    x, system, volumes = np.full((1, 20), 0.1), as_map(net), []
    for step in range(500):
        volumes += [np.linalg.slogdet(system.jacobian(x)[0])[1]] if step >= 100 else []
        x = system.advance(x, np.eye(20)[None])[0]  # the same rounding, or chaos makes another trajectory of it
    assert abs(float(found["exponent"].sum()) - np.mean(volumes)) < 1e-6


def test_a_chaotic_network_has_the_exponents_of_theory():
    """Clark (2026): N to infinity .3102, D / N .286; a network of 200 units .296 +- .01 and .28 +- .02."""
    net = nr.Network.random(0, 200, 1, cell="tanh", gain=3.0, seed=0, dt=1.0)
    found = nr.dynamics.lyapunov(net, steps=500, transient=100)
    assert abs(found["exponent"][0] - 0.3) < 0.025
    assert abs(found["dimension"] / 200 - 0.28) < 0.025


def test_each_trial_of_a_driven_network_has_its_own_exponents():
    net, rng = nr.Network.random(2, 6, 1, gain=1.5, seed=0), np.random.default_rng(0)
    inputs = np.concatenate([np.zeros((80, 1, 2)), rng.normal(size=(80, 1, 2))], axis=1)
    found = nr.dynamics.lyapunov(net, nr.Trials(inputs, np.zeros((80, 2, 1)), dt=net.dt), exponents=2)
    assert found["exponent"].dims == ("trial", "exponent")
    silent = nr.dynamics.lyapunov(net, nr.Trials(inputs[:, :1], np.zeros((80, 1, 1)), dt=net.dt), exponents=2)
    assert np.allclose(found["exponent"][0], silent["exponent"][0], rtol=0.2)
    assert not np.allclose(found["exponent"][0], found["exponent"][1])
