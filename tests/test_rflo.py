"""RFLO against the paper's own equations, written out for one trial with plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from cases import Sizes, difference, network, trials

import neurorec as nr

SIZE = Sizes(units=6, inputs=2, outputs=3, steps=15, trials=1)


def paper(net: nr.Network, data: nr.Trials, rate: float, online: bool) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Eqs 1, 5, 6 of Murray (2019); x(t) in q (their x(t-1) is a misprint). Returns summed changes, final recurrent weights.

    Online, each step's change is applied before the next step; otherwise the weights stand still.
    """
    W, Win, Wout, b = (np.array(each) for each in (net.recurrent, net.input, net.readout, net.bias))
    B, alpha = net.feedback, net.dt / net.per_unit("tau")
    N, Nx, Ny = SIZE.units, SIZE.inputs, SIZE.outputs
    h, p, q, r = np.array(net.initial), np.zeros((N, N)), np.zeros((N, Nx)), np.zeros(N)
    dW, dWin, dWout, db = np.zeros((N, N)), np.zeros((N, Nx)), np.zeros((Ny, N)), np.zeros(N)
    for t in range(SIZE.steps):
        x, before = data.inputs[t, 0], h
        u = np.array([sum(W[a, c] * before[c] for c in range(N)) + sum(Win[a, c] * x[c] for c in range(Nx)) + b[a] for a in range(N)])
        h = (1 - alpha) * before + alpha * np.tanh(u)
        error = (data.targets[t, 0] - Wout @ h) * data.mask[t, 0] / data.mask[:, 0].sum()
        slope, signal = alpha * (1 - np.tanh(u) ** 2), B @ error
        for a in range(N):
            p[a] = slope[a] * before + (1 - alpha[a]) * p[a]
            q[a] = slope[a] * x + (1 - alpha[a]) * q[a]
            r[a] = slope[a] + (1 - alpha[a]) * r[a]
        steps = signal[:, None] * p, signal[:, None] * q, np.outer(error, h), signal * r
        for total, step in zip((dW, dWin, dWout, db), steps, strict=True):
            total += step
        if online:
            for weight, step in zip((W, Win, Wout, b), steps, strict=True):
                weight += rate * step
    return {"recurrent": dW, "input": dWin, "readout": dWout, "bias": db}, {"recurrent": W, "input": Win, "readout": Wout, "bias": b}


@pytest.mark.parametrize(("engine", "tolerance"), [("reference", 1e-12), ("numba", 1e-4)])
def test_weight_change_is_equations_5_and_6(engine, tolerance):
    net, data = network(SIZE), trials(SIZE)
    expected, _ = paper(net, data, rate=0.0, online=False)
    change = nr.weight_change(net, data, rule="rflo", engine=engine)
    assert all(difference(change[name], expected[name]) < tolerance for name in expected)


@pytest.mark.parametrize(("engine", "tolerance"), [("reference", 1e-12), ("numba", 1e-4)])
def test_per_step_run_is_the_online_recursion(engine, tolerance):
    net, data = network(SIZE).replace(plastic=("recurrent", "input", "readout", "bias")), trials(SIZE)
    _, expected = paper(net, data, rate=0.5, online=True)
    run = nr.train(net, data, rule="rflo", engine=engine, trials=1, update="step", rate=0.5, progress=False)
    assert all(difference(getattr(run.network, name), expected[name]) < tolerance for name in expected)
    assert difference(run.network.recurrent, net.recurrent) > 100 * tolerance  # it moved


def test_online_and_at_the_end_differ_by_second_order_in_the_rate():
    net, data = network(SIZE), trials(SIZE)
    gaps = []
    for rate in (1e-3, 1e-4):
        step, trial = (
            nr.train(net, data, engine="reference", trials=1, update=update, rate=rate, progress=False).network.recurrent
            for update in ("step", "trial")
        )
        gaps.append(np.abs(step - trial).max())
    assert gaps[1] < gaps[0] / 50  # a hundredth, but for rounding


def test_the_alignment_that_is_logged_is_the_normalised_overlap():
    net, data = network(SIZE), trials(SIZE)
    run = nr.train(net, data, trials=3, progress=False)
    readout, feedback = run.network.readout.T.ravel(), run.network.feedback.ravel()
    expected = readout @ feedback / np.linalg.norm(readout) / np.linalg.norm(feedback)
    assert run.log["alignment"].values[-1] == pytest.approx(expected, abs=1e-6)


def test_kolen_pollack_feedback_converges_to_the_readout():
    net = nr.Network.random(1, 10, 1, seed=0)
    rng = np.random.default_rng(0)
    data = nr.Trials(rng.normal(size=(20, 8, 1)), rng.normal(size=(20, 8, 1)))
    run = nr.train(net, data, feedback="kolen_pollack", trials=2000, rate=0.05, weight_decay=0.2, progress=False)
    assert run.log["alignment"].values[-1] > 0.999


def test_gradient_angle_is_zero_for_bptt_and_not_for_rflo():
    net, data = network(SIZE), trials(SIZE)
    exact, local = (
        nr.train(net, data, rule=rule, trials=4, gradient_angle=2, progress=False).log["angle"].values for rule in ("bptt", "rflo")
    )
    assert exact[0] < 0.1
    assert 1 < local[0] < 180
    assert np.isnan(local[1])
    assert np.isfinite(local[2])
