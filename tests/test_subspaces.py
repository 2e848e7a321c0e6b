"""Subspaces, similarity and behaviour, by what must hold exactly of states that are known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.spatial
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.errors import NotOffered, ShapeError, UnknownName, ValueRefused
from neurorec.simulation.trajectories import Trajectories

SEEDS = st.integers(0, 10**6)


def labelled(states, dt=0.1, **conditions):
    """(time, trial, unit) with conditions."""
    import xarray

    coords = {"time": dt * np.arange(1, len(states) + 1), **{name: ("trial", np.asarray(each)) for name, each in conditions.items()}}
    return xarray.DataArray(states, coords, ("time", "trial", "unit"))


def answers(outputs, dt=0.1, **conditions):
    """Trajectories of which only outputs (time, trial) matter."""
    T, B = outputs.shape
    trials = nr.Trials(np.zeros((T, B, 1)), outputs[:, :, None], conditions=conditions, dt=dt)
    return Trajectories(outputs[:, :, None], {"h": np.zeros((T, B, 1))}, trials)


def orthogonal(n, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]


# Averages and demixing -------------------------------------------------------------------------------------------------


def test_averages_are_over_the_trials_of_each_combination():
    rng = np.random.default_rng(0)
    states, a, b = rng.normal(size=(4, 30, 3)), rng.integers(2, size=30), np.where(rng.random(30) < 0.5, "x", "y")
    found = nr.dynamics.condition_averages(labelled(states, a=a, b=b), by=["b", "a"])
    assert found["mean"].dims == ("time", "b", "a", "unit")
    some = states[:, (a == 1) & (b == "x")]
    assert np.allclose(found["mean"].sel(a=1, b="x"), some.mean(axis=1))
    assert np.allclose(found["spread"].sel(a=1, b="x"), some.std(axis=1))
    assert found["count"].sum() == 30
    empty = nr.dynamics.condition_averages(labelled(states[:, :2], a=[0, 1], b=["x", "y"]))
    assert np.isnan(empty["mean"].sel(a=0, b="y")).all()


def mixed(noise=0.0):
    """States that are a sum of a course in time, one of a, one of b and one of both, each along an axis of its own; the axes are oblique."""
    rng, t = np.random.default_rng(0), np.linspace(0, 1, 25)
    a, b = (each.ravel().astype(float) for each in np.meshgrid([-1, 1], [-1, 0, 1], indexing="ij"))
    a, b = np.tile(a, 4), np.tile(b, 4)
    courses = [np.sin(3 * t)[:, None] + 0 * a, np.outer(t, a), np.outer(np.cos(2 * t), b), np.outer(t**2, a * b)]
    axes = rng.normal(size=(4, 8))
    states = sum(np.multiply.outer(course, axis) for course, axis in zip(courses, axes, strict=True))
    return labelled(states + noise * rng.normal(size=states.shape), a=a, b=b), courses


def test_demixed_components_are_those_that_were_mixed():
    states, courses = mixed()
    found = nr.dynamics.demixed_components(states, n=1)
    assert found["marginalisation"].values.tolist() == ["time", "a", "b", "a x b"]
    assert np.isclose(found["share"].sum(), 1)
    for name, course in zip(found["marginalisation"].values, courses, strict=True):
        projected = (states.values - found["mean"].values) @ found["decoder"].sel(marginalisation=name).values[0]
        centred = course - course.mean()
        assert abs(np.corrcoef(projected.ravel(), centred.ravel())[0, 1]) > 1 - 1e-6


def test_a_decoder_is_the_best_of_its_rank():
    """No small change of encoder or decoder explains more of its marginalisation."""
    states, _ = mixed(noise=0.3)
    found, rng = nr.dynamics.demixed_components(states, n=2), np.random.default_rng(1)
    means = nr.dynamics.condition_averages(states)["mean"].transpose("unit", "time", "a", "b").values
    data = means - found["mean"].values[:, None, None, None]
    wanted = (data.mean(axis=3, keepdims=True) - data.mean(axis=(2, 3), keepdims=True)) * np.ones_like(data)
    residual = np.zeros(states.shape)
    for k in range(states.sizes["trial"]):
        residual[:, k] = states.values[:, k] - means[:, :, int(states["a"][k] > 0), int(states["b"][k] + 1)].T
    noise = np.einsum("tbi,tbj->ij", residual, residual) / 4  # four trials of each combination

    def loss(encoder, decoder):
        fitted = encoder.T @ decoder
        return ((wanted.reshape(8, -1) - fitted @ data.reshape(8, -1)) ** 2).sum() + np.trace(fitted @ noise @ fitted.T)

    encoder, decoder = (found[name].sel(marginalisation="a").values for name in ("encoder", "decoder"))
    least = loss(encoder, decoder)
    for _ in range(20):
        assert loss(encoder + 1e-3 * rng.normal(size=encoder.shape), decoder + 1e-3 * rng.normal(size=decoder.shape)) >= least - 1e-9


def test_without_conditions_that_differ_demixing_is_principal_components():
    states = labelled(np.random.default_rng(0).normal(size=(40, 1, 5)) * np.arange(1, 6), a=[0])
    demixed, pca = nr.dynamics.demixed_components(states, n=3), nr.dynamics.principal_components(states, n=3)
    assert np.allclose(demixed["encoder"].sel(marginalisation="time"), pca["loadings"])
    assert np.allclose(demixed["explained"].sel(marginalisation="time"), pca["explained"])


# Targeted dimensions and rotations -------------------------------------------------------------------------------------


def test_targeted_axes_are_those_along_which_variables_were_written():
    rng, t = np.random.default_rng(0), np.linspace(0, 1, 11)
    axes = orthogonal(6)[:2]
    a, b = rng.normal(size=50), rng.choice([-1.0, 1.0], 50)
    states = np.multiply.outer(np.outer(t, a), axes[0]) + np.multiply.outer(np.outer(np.sin(np.pi * t), b), axes[1])
    found = nr.dynamics.targeted_dimensions(labelled(states, a=a, b=b), denoise=2)
    assert np.allclose(found["axis"], axes, atol=1e-10)
    assert np.allclose(found["peak"], [1.1, 0.6])
    assert np.allclose(found["coefficient"].sel(regressor="a")[-1], axes[0], atol=1e-10)
    assert np.allclose(found["explained"][1:-1], 1)
    assert np.allclose(
        found["component"].sel(regressor="b"), np.outer(np.sin(np.pi * t), b) - np.outer(np.sin(np.pi * t), b).mean(), atol=1e-10
    )


def test_variables_that_follow_from_one_another_are_refused():
    states = np.random.default_rng(0).normal(size=(3, 6, 2))
    with pytest.raises(ValueRefused, match="3 variables with 2"):
        nr.dynamics.targeted_dimensions(labelled(states, a=[1, 2, 3, 1, 2, 3], b=[2, 4, 6, 2, 4, 6]))
    with pytest.raises(ValueRefused, match="two different values"):
        nr.dynamics.targeted_dimensions(labelled(states, a=list("xyzxyz")))


@settings(max_examples=10)
@given(SEEDS, st.floats(0.05, 3.0))
def test_a_pure_rotation_is_one_to_the_last_digit(seed, angle):
    rng = np.random.default_rng(seed)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    begin = rng.normal(size=(2, 1)) * [1, -1]
    path = np.stack([np.linalg.matrix_power(turn, k) @ begin for k in range(12)])
    states = np.moveaxis(path, 2, 1) @ orthogonal(4, seed)[:2]
    found = nr.dynamics.rotations(labelled(states, dt=0.02), n=2)
    assert np.isclose(found["r2_skew"], 1) and np.isclose(found["r2_any"], 1)
    assert np.isclose(found["frequency"][0], angle / (2 * np.pi * 0.02))
    assert np.isclose(found["explained"].sum(), 1)
    x, y = np.moveaxis(found["component"].values, 2, 0)
    assert (x[:-1] * y[1:] - y[:-1] * x[1:] > 0).all()  # counter-clockwise


def test_a_decay_does_not_rotate():
    path = 0.9 ** np.arange(20)[:, None, None] * orthogonal(4)[:2] * np.array([1, -1])[:, None]
    states = np.concatenate([path, -path], axis=1)
    found = nr.dynamics.rotations(labelled(states), n=2)
    assert abs(found["r2_skew"]) < 1e-10 and np.isclose(found["r2_any"], 1)


def test_of_a_rotation_and_a_decay_the_plane_that_turns_comes_first():
    k = np.arange(40)
    paths = [
        np.stack([np.cos(0.3 * k + p), np.sin(0.3 * k + p), q * 0.9**k, np.zeros(40)], axis=1)
        for p, q in ((0, 1), (np.pi, 1), (np.pi / 2, -1), (-np.pi / 2, -1))
    ]
    basis = orthogonal(4, 3)
    found = nr.dynamics.rotations(labelled(np.stack(paths, axis=1)[..., :3] @ basis[:3]), n=2)
    assert np.isclose(found["frequency"][0], 0.3 / (2 * np.pi * 0.1), rtol=1e-9)
    assert scipy.linalg.subspace_angles(found["loadings"].values.T, basis[:2].T).max() < 1e-6


# Selection vectors -----------------------------------------------------------------------------------------------------


def test_what_a_shear_keeps_is_not_what_lies_along_its_line():
    """x -> x + .4 y, y -> y / 2: a line of points along x; a push along y ends at .4 / (1 - .5) = .8 of it."""
    shear = np.array([[1.0, 0.4], [0.0, 0.5]])
    found = nr.dynamics.selection_vectors(lambda x: x @ shear.T, np.zeros((1, 2)), modes=2)
    assert np.allclose(found["right"][0, 0], [1, 0]) and np.allclose(found["left"][0, 0], [1, 0.8])
    push = np.array([0.3, -2.0])
    assert np.allclose(np.linalg.matrix_power(shear, 200) @ push, found["left"].values[0, 0] @ push * found["right"].values[0, 0])
    assert np.allclose(np.einsum("pmn,pkn->pmk", found["left"], found["right"]), np.eye(2))
    assert np.isclose(found["angle"][0, 0], np.degrees(np.arctan(0.8)))


@pytest.mark.parametrize("cell", ["leaky_tanh", "gru", "lstm"])
def test_left_eigenvectors_of_a_network_tell_what_an_input_moves(cell):
    net, rng = nr.Network.random(2, 5, 1, cell=cell, seed=2), np.random.default_rng(0)
    points = rng.normal(size=(3, net.initial.size))
    found = nr.dynamics.selection_vectors(net, points, [0.2, -0.1], modes=3)
    for k, state in enumerate(points):
        jacobian = nr.dynamics.jacobian(net, state, [0.2, -0.1]).values
        left, values = found["left"].values[k], found["eigenvalue"].values[k]
        assert np.allclose(left @ jacobian, values[:, None] * left, atol=1e-10)
    assert np.allclose(np.einsum("pmn,pmn->pm", found["left"], found["right"]), 1)
    assert np.allclose(np.linalg.norm(found["right"], axis=2), 1)
    if cell == "leaky_tanh":  # dF/dinput = alpha phi' Win
        u = points @ net.recurrent.T + net.input @ [0.2, -0.1]
        by_hand = (net.dt / 0.1 * (1 - np.tanh(u) ** 2))[:, :, None] * net.input
        assert np.allclose(found["input_effect"], np.einsum("pmn,pnc->pmc", found["left"], by_hand), atol=1e-8)


# Similarity ------------------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(SEEDS, st.integers(1, 6), st.floats(0.1, 10))
def test_rotated_and_scaled_states_are_the_same(seed, units, scale):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(15, units))
    b = scale * a @ orthogonal(units, seed) + rng.normal(size=units)
    assert np.isclose(nr.dynamics.cka(a, b), 1)
    found = nr.dynamics.procrustes_distance(a, b)
    assert found["distance"] < 1e-7
    other, third = rng.normal(size=(15, units + 1)), rng.normal(size=(15, 3))
    assert np.isclose(nr.dynamics.cka(a, other), nr.dynamics.cka(other, a))
    distance = lambda x, y: float(nr.dynamics.procrustes_distance(x, y)["angle"])  # noqa: E731 - of two arguments
    assert np.isclose(distance(a, other), distance(other, a))
    assert distance(a, third) <= distance(a, other) + distance(other, third) + 1e-12


def test_the_shape_distance_is_that_of_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20, 4))
    found = nr.dynamics.procrustes_distance(a, b)
    disparity = scipy.spatial.procrustes(a, b)[2]  # 1 - cos^2
    assert np.isclose(np.cos(found["angle"]) ** 2, 1 - disparity)
    assert np.isclose(found["distance"], 2 * np.sin(found["angle"] / 2))


def test_angles_between_known_planes():
    rng, basis = np.random.default_rng(0), np.eye(4)
    inside = rng.normal(size=(50, 2)) @ basis[:2]
    tilted = rng.normal(size=(60, 2)) @ np.stack([basis[0], np.cos(0.5) * basis[1] + np.sin(0.5) * basis[2]])
    found = nr.dynamics.principal_angles(inside, tilted, n=2)
    assert np.allclose(found["angle"], [0, np.degrees(0.5)], atol=1e-6)
    assert np.isclose(nr.dynamics.principal_angles(inside, inside, n=2)["alignment"], 1)
    away = rng.normal(size=(50, 2)) @ basis[2:]
    assert np.allclose(nr.dynamics.principal_angles(inside, away, n=2)["angle"], 90)
    assert abs(nr.dynamics.principal_angles(inside, away, n=2)["alignment"]) < 1e-12


def linear(matrix, seed, mixing):
    """Trajectories of x -> A x, seen through a mixing."""
    x = [np.random.default_rng(seed).normal(size=(20, len(matrix)))]
    for _ in range(15):
        x.append(x[-1] @ matrix.T)
    return np.array(x) @ mixing


@settings(max_examples=4)
@given(SEEDS)
def test_systems_that_coordinates_turn_into_each_other_move_alike(seed):
    rng = np.random.default_rng(seed)
    matrix = 0.95 * orthogonal(4, seed) + 0.1 * rng.normal(size=(4, 4))
    matrix /= max(1, 1.02 * np.abs(np.linalg.eigvals(matrix)).max())
    change = rng.normal(size=(4, 6)) + 2 * np.eye(4, 6)
    states = linear(matrix, 1, np.eye(4))
    seen = linear(matrix, 1, change)
    assert nr.dynamics.dynamical_similarity(states, seen, rank=4)["angle"] < 1e-6
    found = nr.dynamics.dynamical_similarity(states, linear(0.6 * matrix, 1, np.eye(4)) + 0, rank=4)
    other = nr.dynamics.dynamical_similarity(states, linear(np.diag([0.9, 0.5, 0.3, 0.1]), 1, np.eye(4)), rank=4)
    assert other["distance"] > 0.1
    assert np.allclose(np.sort(np.abs(found["eigenvalues"][0])), np.sort(np.abs(np.linalg.eigvals(matrix))), atol=1e-6)


# Decoding and behaviour ------------------------------------------------------------------------------------------------


def test_a_condition_can_be_read_where_it_is_written():
    rng = np.random.default_rng(0)
    label, value = np.repeat([0, 1], 30), rng.normal(size=60)
    states = 0.1 * rng.normal(size=(4, 60, 5))
    states[2:, :, 0] += 3 * label
    states[1, :, 1] += value
    known = labelled(states, label=label, value=value)
    found = nr.dynamics.decoding(known, "label", times=4)
    assert found["score"][2, 2] > 0.99 and found["score"][2, 3] > 0.99
    assert abs(found["score"][0, 0] - found["chance"]) < 0.2
    assert found.identical(nr.dynamics.decoding(known, "label", times=4))
    of_numbers = nr.dynamics.decoding(known, "value", times=4)["score"]
    assert of_numbers[1, 1] > 0.9 and of_numbers[0, 0] < 0.2
    with pytest.raises(ValueRefused, match="each of two or more needs 5"):
        nr.dynamics.decoding(labelled(states[:, :8], label=label[:8]), "label")


def test_choices_and_their_slope():
    rng = np.random.default_rng(0)
    x, context = rng.choice([-1.0, -0.5, 0.5, 1.0], 4000), rng.choice(["here", "there"], 4000)
    slope = np.where(context == "here", 3.0, 0.0)
    chosen = rng.random(4000) < 1 / (1 + np.exp(-(0.5 + slope * x)))
    found = nr.dynamics.psychometric(answers(np.where(chosen, 1.0, -1.0)[None], x=x, context=context), "x", by="context")
    assert np.allclose(found["slope"], [3, 0], atol=0.25)
    assert np.allclose(found["bias"], 0.5, atol=0.15)
    assert found["count"].sum() == 4000
    assert np.isclose(found["choice"].sel(x=1.0, context="here"), chosen[(x == 1) & (context == "here")].mean())
    alone = nr.dynamics.psychometric(answers(np.ones((1, 4000)), x=x), "x", choice=chosen)
    assert alone["choice"].dims == ("x", "group") and np.isfinite(alone["slope"]).all()
    assert np.isnan(nr.dynamics.psychometric(answers(np.ones((1, 4000)), x=x), "x")["slope"]).all()


def test_what_a_run_recorded_is_taken_with_its_conditions():
    task = nr.task("context_integration", dt=0.05)
    run = nr.train(nr.Network.for_task(task, units=4), task, trials=24, progress=False, record=nr.Record(("h", "output")))
    assert nr.dynamics.condition_averages(run, by="context")["count"].sum() == 24
    assert nr.dynamics.psychometric(run, "motion", by="context")["count"].sum() == 24
    assert nr.dynamics.targeted_dimensions(run, by=["choice", "motion"]).sizes["unit"] == 4
    assert nr.dynamics.decoding(run, "context", times=2, folds=2)["score"].shape == (2, 2)


def test_reaction_times():
    ramp = np.outer(np.arange(1, 11) * 0.1, [1.0, -2.0, 0.1, 2.0])
    found = nr.dynamics.chronometric(answers(ramp, strength=[1, 2, 0, 2]), "strength", threshold=0.5)
    assert np.allclose(found["time"].values[:, 0], [np.nan, 0.5, 0.3], equal_nan=True)
    assert found["missed"].values[:, 0].tolist() == [1, 0, 0]
    later = nr.dynamics.chronometric(answers(ramp, strength=[1, 2, 0, 2]), "strength", threshold=0.5, onset=0.4)
    assert np.allclose(later["time"].values[1:, 0], 0.1)


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda x: nr.dynamics.condition_averages(x, by="colour"), UnknownName, "'colour'"),
        (lambda x: nr.dynamics.condition_averages(x.values), ValueRefused, "have no conditions"),
        (lambda x: nr.dynamics.condition_averages("run.h5"), NotOffered, "expected trajectories"),
        (lambda x: nr.dynamics.condition_averages(x.rename(unit="cell")), ShapeError, "rename them to time, trial and unit"),
        (lambda x: nr.dynamics.demixed_components(x[:, [0, 1, 4]]), ValueRefused, "have no trial"),
        (lambda x: nr.dynamics.demixed_components(x, n=9), ValueRefused, "n is 9"),
        (lambda x: nr.dynamics.rotations(x, n=3), ValueRefused, "n must be even"),
        (lambda x: nr.dynamics.rotations(x[:, :1], n=2), ValueRefused, "there is one trial"),
        (lambda x: nr.dynamics.cka(x, x[:2]), ShapeError, "the same trials"),
        (lambda x: nr.dynamics.procrustes_distance(x, 0 * x), ValueRefused, "stand still"),
        (lambda x: nr.dynamics.principal_angles(x, x[..., :2]), ShapeError, "the same units"),
        (lambda x: nr.dynamics.principal_angles(x, 0 * x), ValueRefused, "vary in 0 dimensions"),
        (lambda x: nr.dynamics.dynamical_similarity(x, x, rank=9), ValueRefused, "rank is 9"),
        (lambda x: nr.dynamics.psychometric(x, "a"), NotOffered, "expected trajectories"),
        (lambda x: nr.dynamics.psychometric(answers(np.ones((1, 2)), a=["x", "y"]), "a"), ValueRefused, "of a number"),
        (lambda x: nr.dynamics.psychometric(answers(np.ones((1, 2))), [1, 2, 3]), ShapeError, "one value a trial"),
        (lambda x: nr.dynamics.selection_vectors(lambda s: s, np.zeros((0, 2))), ValueRefused, "there is no point"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(ask, error, says):
    states = labelled(np.random.default_rng(0).normal(size=(5, 8, 4)), a=[0, 0, 0, 0, 1, 1, 1, 1], b=[0, 1] * 4)
    with pytest.raises(error, match=says):
        ask(states)
