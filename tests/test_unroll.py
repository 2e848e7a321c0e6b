"""Evaluation in time: every unroll is the sequential recurrence, its way back is the gradient, and what is chaotic is said to be."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sympy
from cases import ORDINARY, Sizes, difference, network, sizes, trials, value, with_value
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.engines.unrolled import UnrolledEngine
from neurorec.engines.unrolled._recurrence import Recurrence
from neurorec.engines.unrolled._scan import backwards, in_turn, scan
from neurorec.engines.unrolled.jacobi import Jacobi
from neurorec.engines.unrolled.newton import Newton
from neurorec.engines.unrolled.quasi_newton import QuasiNewton
from neurorec.engines.unrolled.sequential import Sequential
from neurorec.errors import NotOffered, UnknownName, UnrollWarning, ValueRefused
from neurorec.networks.cells.base import AbstractCell
from neurorec.networks.weights import Weights
from neurorec.simulation.stimulus import stimulus
from neurorec.simulation.unroll import Evaluation, evaluate, weight_change

MODELS = [
    ("leaky_tanh", None), ("gru", None), ("lstm", None), ("complex_modrelu", None), ("cornn", None),
    ("leaky_tanh", "momentum"), ("lstm", "adam"), ("gru", "restart"),
]  # fmt: skip
EXACT = [Sequential(), Jacobi(), QuasiNewton(), Newton(), Newton(solver="in_turn"), Newton(damping=0.3)]
seeds = st.integers(0, 1000)


class Logistic(AbstractCell):
    """The logistic map, whose Lyapunov exponent is log 2."""

    states = ("h",)

    @staticmethod
    def step(h: sympy.Expr, u: sympy.Expr) -> sympy.Expr:
        return 4 * h * (1 - h)


class Linear(AbstractCell):
    """h(t) = u(t)."""

    states = ("h",)

    @staticmethod
    def step(u: sympy.Expr) -> sympy.Expr:
        return u


def quietly(call, *arguments, **more):
    """Without the word about chaos: small networks of gain 1.5 grow for a few steps, and are none the worse for it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the largest Lyapunov exponent", UnrollWarning)
        return call(*arguments, **more)


def driven(cell: str, units: int, gain: float, steps: int = 512, seed: int = 0, count: int = 1) -> tuple[nr.Network, nr.Trials]:
    inputs = np.random.default_rng(seed).normal(size=(steps, count, 3))
    return nr.Network.random(3, units, 1, cell=cell, gain=gain, seed=seed), nr.Trials(inputs, np.zeros((steps, count, 1)))


def recurrence(net: nr.Network, data: nr.Trials) -> Recurrence:
    return Recurrence(net, Weights.of(net, np.float64), stimulus(net, data, np.float64, 0))


@given(steps=st.integers(1, 20), side=st.integers(1, 3), n=st.integers(1, 6), seed=seeds)
def test_a_scan_is_the_loop(steps, side, n, seed):
    rng = np.random.default_rng(seed)
    matrices, added = rng.normal(size=(steps, side, n, n)) / np.sqrt(n), rng.normal(size=(steps, side, n))
    assert difference(scan(matrices, added), in_turn(matrices, added)) < 1e-12
    assert np.array_equal(in_turn(matrices, added)[0], added[0])
    z = added.copy()
    for t in reversed(range(steps - 1)):
        z[t] += np.einsum("gji,gj->gi", matrices[t + 1], z[t + 1])
    for solve in (scan, in_turn):
        assert difference(solve(backwards(matrices), added[::-1])[::-1], z) < 1e-12


@pytest.mark.parametrize(("cell", "filter"), MODELS)
def test_the_jacobian_is_the_derivative_of_a_step(cell, filter):
    net, data = network(ORDINARY, cell, filter=filter), trials(ORDINARY)
    system, rng = recurrence(net, data), np.random.default_rng(0)
    before = rng.normal(size=(len(net.formula.states), data.steps, data.count, net.units))
    tangent, linear = rng.normal(size=before.shape), system.linear(before)
    slope = (system.after(before + 1e-6 * tangent) - system.after(before - 1e-6 * tangent)) / 2e-6
    flat, rows = tangent.reshape(len(tangent), -1, net.units), data.steps * data.count
    pushed = linear.push(flat)
    assert difference(pushed.reshape(slope.shape), slope) < 1e-7
    by_matrix = np.einsum("rij,rj->ri", linear.matrices(), flat.transpose(1, 0, 2).reshape(rows, -1))
    assert difference(by_matrix.reshape(rows, -1, net.units).transpose(1, 0, 2), pushed) < 1e-12
    other = rng.normal(size=flat.shape)
    assert np.isclose((linear.pull(other) * flat).sum(), (other * pushed).sum())
    whole = linear.matrices().reshape(rows, len(flat), net.units, len(flat), net.units)
    assert difference(linear.blocks(), np.einsum("rjnln->rnjl", whole)) < 1e-12


@pytest.mark.parametrize(("cell", "filter"), MODELS)
@given(size=sizes, seed=seeds)
@settings(max_examples=8)
def test_every_unroll_is_the_sequential_recurrence(cell, filter, size, seed):
    net, data = network(size, cell, seed, filter=filter, noise=0.05), trials(size, seed)
    wanted = nr.simulate(net, data, engine="reference", seed=seed)
    for how in (*EXACT, Jacobi(sweeps=size.steps)):
        found = quietly(evaluate, net, data, how, seed=seed)
        tolerance = 1e-9 if how in EXACT[1:] else 1e-12
        assert difference(found.outputs, wanted.outputs) < tolerance, how
        assert all(difference(found.states[name], wanted.states[name]) < tolerance for name in wanted.states), how
        assert found.converged
        assert found.iterations <= size.steps


@pytest.mark.parametrize(("cell", "filter"), MODELS)
@given(size=sizes, seed=seeds, loss=st.sampled_from(["mse", "cross_entropy"]))
@settings(max_examples=8)
def test_every_unrolls_gradient_is_that_of_backpropagation_through_time(cell, filter, size, seed, loss):
    net, data = network(size, cell, seed, filter=filter), trials(size, seed, loss)
    wanted = nr.weight_change(net, data, rule="bptt", engine="reference")
    largest = max(np.abs(each).max() for each in wanted.values() if each.size)
    for how in (*EXACT, Jacobi(sweeps=size.steps)):
        found, tolerance = weight_change(net, data, how), 1e-10 if isinstance(how, Newton | Sequential) else 1e-8
        assert found.keys() == wanted.keys()
        for name, each in wanted.items():
            assert each.size == 0 or np.abs(found[name] - each).max() <= tolerance * largest, (how, name)


@pytest.mark.parametrize("cell", ["tanh", "lstm"])
def test_gradients_over_long_trials_are_equal(cell):
    net, data = driven(cell, 16, 1.0, steps=200, count=3)
    data = nr.Trials(data.inputs, np.sin(data.inputs[..., :1]))
    wanted = nr.weight_change(net, data, rule="bptt", engine="reference")
    for how in (Newton(), Newton(solver="in_turn"), Jacobi(sweeps=200)):
        found = weight_change(net, data, how)
        assert all(difference(found[name], wanted[name]) < 1e-10 for name in wanted), how


@pytest.mark.parametrize(("cell", "filter"), MODELS)
@pytest.mark.parametrize("sweeps", [1, 3])
def test_the_gradient_of_some_sweeps_is_that_of_these_sweeps(cell, filter, sweeps):
    net, data, how = network(ORDINARY, cell, filter=filter), trials(ORDINARY), Jacobi(sweeps=sweeps)
    rng, found = np.random.default_rng(1), weight_change(net, data, how)
    exact = nr.weight_change(net, data, rule="bptt", engine="reference")
    assert difference(found["recurrent"], exact["recurrent"]) > 1e-3
    for name in found:
        direction = rng.normal(size=found[name].shape)
        losses = [
            quietly(evaluate, with_value(net, name, value(net, name) + sign * 1e-6 * direction), data, how).loss.mean() for sign in (1, -1)
        ]
        slope = -(losses[0] - losses[1]) / 2e-6
        assert abs(slope - (found[name] * direction).sum()) < 1e-6 * max(1, np.abs(found[name]).max()), name


@given(sweeps=st.integers(1, 6), seed=seeds)
@settings(max_examples=10)
def test_a_sweep_makes_one_more_step_exact_and_hears_one_more_input(sweeps, seed):
    size = Sizes(4, 2, 1, 9, 2)
    net, data = network(size, "gru", seed), trials(size, seed)
    wanted, found = nr.simulate(net, data, engine="reference"), quietly(evaluate, net, data, Jacobi(sweeps=sweeps))
    assert difference(found.states["h"][:sweeps], wanted.states["h"][:sweeps]) < 1e-12
    assert difference(found.states["h"][sweeps:], wanted.states["h"][sweeps:]) > 1e-12
    other = data.inputs.copy()
    other[0] += 1
    moved = quietly(evaluate, net, nr.Trials(other, data.targets, dt=data.dt), Jacobi(sweeps=sweeps))
    differs = np.abs(moved.states["h"] - found.states["h"]).max(axis=(1, 2)) > 0
    assert differs.tolist() == [True] * sweeps + [False] * (9 - sweeps)


@pytest.mark.parametrize("cell", ["tanh", "leaky_tanh"])
@pytest.mark.parametrize("units", [16, 32, 64])
@pytest.mark.parametrize("gain", [0.5, 1.0])
def test_newton_needs_at_most_eight_sweeps_where_neighbours_meet(cell, units, gain):
    net, data = driven(cell, units, gain)
    found = evaluate(net, data, "newton")
    assert found.iterations <= 8
    assert found.lyapunov[0] < 0
    assert difference(found.outputs, nr.simulate(net, data, engine="reference").outputs) < 1e-10


def test_sweeps_grow_with_the_largest_lyapunov_exponent():
    found = [evaluate(*driven("tanh", 16, gain), how) for how in ("newton", "jacobi") for gain in (0.5, 1.0, 1.5)]
    exponents, sweeps = [each.lyapunov[0] for each in found[:3]], [each.iterations for each in found]
    assert exponents == sorted(exponents)
    assert sweeps[:3] == sorted(set(sweeps[:3]))
    assert sweeps[3:] == sorted(set(sweeps[3:]))
    assert all(few < many for few, many in zip(sweeps[:3], sweeps[3:], strict=True))


def test_a_residual_a_sweep_is_reported():
    size = Sizes(4, 2, 1, 30, 2)
    net, data = network(size), trials(size)
    found = quietly(evaluate, net, data, Jacobi(sweeps=5))
    assert found.residuals.shape == (6, 2)
    more = quietly(evaluate, net, data, Jacobi(sweeps=6))
    assert np.array_equal(more.residuals[:6], found.residuals)
    change = np.abs(more.states["h"] - found.states["h"]).max(axis=(0, 2))
    assert np.allclose(change, found.residuals[5])  # the next sweep moves a state by what is wrong with it
    assert quietly(evaluate, net, data, "sequential").residuals.max() < 1e-14
    assert quietly(evaluate, net, data, "newton").residuals[-1].max() < 1e-12


@pytest.mark.parametrize("how", ["newton", QuasiNewton(most=50), Jacobi(most=50)])
def test_a_chaotic_network_is_answered_with_a_warning_and_the_sequential_states(how):
    net, data = driven("tanh", 32, 2.5, steps=300)
    with pytest.warns(UnrollWarning) as caught:
        found = evaluate(net, data, how)
    said = " ".join(str(each.message) for each in caught)
    assert "did not converge" in said
    assert "Lyapunov exponent is positive in 1 of 1 trials" in said
    assert not found.converged
    assert found.lyapunov[0] > 0
    assert np.array_equal(found.states["h"], nr.simulate(net, data, engine="reference").states["h"])


def test_where_an_iteration_is_given_up_the_gradient_is_the_sequential_one():
    net, data = network(Sizes(5, 2, 3, 20, 2)), trials(Sizes(5, 2, 3, 20, 2))
    wanted = nr.weight_change(net, data, rule="bptt", engine="reference")
    for how in (Newton(most=1), QuasiNewton(most=1), Jacobi(most=1)):
        with pytest.warns(UnrollWarning, match="did not converge in 1 sweeps"):
            found = weight_change(net, data, how)
        assert all(difference(found[name], wanted[name]) < 1e-12 for name in wanted)


def alone(cell: type, recurrent: np.ndarray, steps: int, initial: float) -> Evaluation:
    n = len(recurrent)
    net = nr.Network(recurrent=recurrent, input=np.zeros((n, 0)), readout=np.ones((1, n)), cell=cell, initial=np.full(n, initial))
    return evaluate(net, nr.Trials(np.zeros((steps, 1, 0)), np.zeros((steps, 1, 1)), dt=net.dt), "sequential")


def test_the_exponent_of_the_logistic_map_is_log_2():
    with pytest.warns(UnrollWarning, match="positive"):
        found = alone(Logistic, np.zeros((1, 1)), 6000, 0.3)
    assert abs(found.lyapunov[0] - np.log(2)) < 0.01
    assert np.isclose(found.lyapunov_per_second[0], found.lyapunov[0] / 0.01)


@given(n=st.integers(1, 5), decay=st.floats(0.3, 0.99), seed=seeds)
@settings(max_examples=20)
def test_the_exponent_of_a_scaled_rotation_is_the_scales_logarithm(n, decay, seed):
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    found = alone(Linear, decay * rotation, 20, 1.0)
    assert abs(found.lyapunov[0] - np.log(decay)) < 1e-9
    assert evaluate_again(decay * rotation).iterations <= 1  # a linear recurrence is solved at once


def evaluate_again(recurrent: np.ndarray) -> Evaluation:
    n = len(recurrent)
    net = nr.Network(recurrent=recurrent, input=np.ones((n, 1)), readout=np.ones((1, n)), cell=Linear, initial=np.ones(n))
    return evaluate(net, nr.Trials(np.ones((20, 2, 1)), np.zeros((20, 2, 1)), dt=net.dt))


def test_a_network_that_forgets_at_once_has_no_exponent():
    assert alone(Linear, np.zeros((2, 2)), 5, 1.0).lyapunov[0] == -np.inf


def test_trials_in_groups_are_the_same_trials(monkeypatch):
    net, data = driven("lstm", 6, 1.0, steps=20, count=5)
    data = nr.Trials(data.inputs, data.inputs[..., :1])
    whole, change = evaluate(net, data), weight_change(net, data)
    monkeypatch.setattr("neurorec.engines.unrolled.newton.ENTRIES", 20 * 12 * 12 * 2)  # two trials at a time
    parts, again = evaluate(net, data), weight_change(net, data)
    assert difference(parts.outputs, whole.outputs) < 1e-12
    assert all(difference(again[name], change[name]) < 1e-12 for name in change)


def test_an_evaluation_goes_to_xarray():
    net, data = driven("tanh", 4, 0.5, steps=30, count=2)
    found = evaluate(net, data)
    table = found.to_xarray()
    assert dict(table["residual"].sizes) == {"sweep": found.iterations + 1, "trial": 2}
    assert np.array_equal(table["lyapunov"], found.lyapunov / data.dt)
    assert np.array_equal(table["h"], found.states["h"])
    assert table.attrs["iterations"] == found.iterations


def test_a_start_of_ones_own_is_taken():
    net, data = driven("gru", 4, 1.0, steps=12, count=2)
    start = np.random.default_rng(0).normal(size=(2, 4))
    wanted = nr.simulate(net, data, engine="reference", initial=start)
    assert difference(evaluate(net, data, initial=start).outputs, wanted.outputs) < 1e-12


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Jacobi(sweeps=0), "sweeps must be a whole number from 1, got 0"),
        (lambda: Jacobi(sweeps=2.5), "sweeps must be a whole number"),
        (lambda: Newton(damping=1.0), r"damping must lie in \[0, 1\), got 1.0"),
        (lambda: Newton(tolerance=0.0), "tolerance must be a positive number"),
        (lambda: Newton(solver="skan"), "solver must be 'scan' or 'in_turn'"),
        (lambda: QuasiNewton(most=0), "most must be a whole number from 1"),
        (lambda: UnrolledEngine("jacobi", {"sweep": 4}), "no setting of jacobi named 'sweep'; there are sweeps"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, text):
    with pytest.raises(ValueRefused, match=text):
        make()


def test_there_are_four_and_others_are_refused():
    assert nr.names("unroll") == ["jacobi", "newton", "quasi_newton", "sequential"]
    with pytest.raises(UnknownName, match="did you mean 'newton'"):
        evaluate(*driven("tanh", 3, 0.5, steps=5), how="newtn")


def test_four_sweeps_learn_what_four_inputs_tell():
    """The input of two steps ago; that of six steps ago is out of reach."""
    inputs = np.random.default_rng(0).normal(size=(20, 500, 1))  # too much to learn by heart
    losses = []
    for lag in (2, 6):
        data = nr.Trials(inputs, np.roll(inputs, lag, axis=0), np.arange(20)[:, None] >= lag + np.zeros((1, 500)))
        net = nr.Network.random(1, 20, 1, cell="tanh", gain=0.9, seed=0)
        plan = {"rule": "bptt", "trials": 15000, "batch": 50, "rate": 0.01, "optimiser": "adam", "progress": False}
        losses.append(nr.train(net, data, engine=UnrolledEngine(Jacobi(sweeps=4)), **plan).log["loss"].values)
    near, far = (each[-500:].mean() for each in losses)  # knowing nothing: half the variance of the input, 0.5
    assert near < 0.05
    assert far > 0.4


def test_a_training_by_sweeps_goes_on_from_its_file(tmp_path):
    task = nr.task("interval_matching")
    net = nr.Network.random(task.n_inputs, 8, task.n_outputs, dt=task.dt, seed=0)
    plan = {"rule": "bptt", "engine": UnrolledEngine(Jacobi(sweeps=4)), "batch": 2, "rate": 0.02, "progress": False}
    whole = nr.train(net, task, trials=8, **plan)
    nr.train(net, task, trials=4, path=tmp_path / "run.h5", **plan)
    resumed = nr.resume(tmp_path / "run.h5", trials=8, progress=False)
    assert np.array_equal(resumed.network.recurrent, whole.network.recurrent)
    exact = nr.train(net, task, trials=8, **{**plan, "engine": "reference"})
    assert np.abs(exact.network.recurrent - whole.network.recurrent).max() > 1e-9  # the sweeps were kept


def test_an_activity_from_elsewhere_is_solved_for_again():
    net, data = network(ORDINARY), trials(ORDINARY)
    weights, given_ = Weights.of(net, np.float64), stimulus(net, data, np.float64, 0)
    ours, reference, error = UnrolledEngine(), load("engines", "reference")(), np.ones_like(data.targets)
    rule, feedback = load("rules", "rflo")(), load("feedbacks", "random")()
    activity = reference.forward(net, weights, given_)
    wanted = reference.change(net, weights, given_, activity, error, rule, feedback)
    assert difference(ours.change(net, weights, given_, activity, error, rule, feedback).vector, wanted.vector) < 1e-10


def test_weights_that_change_at_every_step_are_refused():
    net, data = driven("tanh", 3, 0.5, steps=5)
    with pytest.raises(NotOffered, match="UnrolledEngine cannot change weights every step; engine='reference' can"):
        nr.train(net, data, rule="rflo", engine="unrolled", update="step", trials=1, progress=False)
