"""SBO-RNN: its step against autograd and finite differences, its three iterations, and that its recurrent matrix is learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import ORDINARY, Sizes, difference, sizes, trials
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.engines.torch import TorchEngine
from neurorec.errors import NotOffered, ValueRefused

ENGINE = TorchEngine(dtype="float64")
ITERATIONS = ("sbo", "sbo_heavy_ball", "sbo_nesterov")
ranks = st.one_of(st.none(), st.integers(1, 5))
seeds = st.integers(0, 1000)


def net(name: str, size: Sizes = ORDINARY, seed: int = 0, **settings) -> nr.ModuleNetwork:
    """Weights of order one, so that no term of a step is small beside another."""
    made = nr.ModuleNetwork.random(name, size.inputs, size.units, size.outputs, dt=0.02, settings={"eta": 0.3, **settings}, seed=seed)
    rng = np.random.default_rng(seed)
    return made.replace(weights={key: array + rng.normal(size=array.shape) * (key != "mu") for key, array in made.weights.items()})


def matrix(network: nr.ModuleNetwork) -> np.ndarray:
    """W, written out."""
    w, eye = network.weights, np.eye(network.units)
    return w["lower.W.w"] * eye if "lower.W.w" in w else eye + w["lower.W.P"] @ w["lower.W.Q"]


def lower(network: nr.ModuleNetwork, h: torch.Tensor, x: np.ndarray) -> torch.Tensor:
    """F(h) as the paper writes it, of one trial."""
    drive = torch.tensor(matrix(network)) @ h + torch.tensor(network.weights["lower.V"] @ x + network.weights["lower.b"])
    return ((h - torch.relu(drive)) ** 2).sum() / 2


def descended(network: nr.ModuleNetwork, h: np.ndarray, x: np.ndarray) -> np.ndarray:
    """-eta dF/dh by autograd, (B, N)."""
    rows = [torch.tensor(row, requires_grad=True) for row in h]
    slopes = [torch.autograd.grad(lower(network, row, each), row)[0] for row, each in zip(rows, x, strict=True)]
    return -network.settings["eta"] * np.stack([slope.numpy() for slope in slopes])


@given(sizes, ranks, seeds)
def test_a_step_goes_down_the_gradient_of_the_lower_problem(size, rank, seed):
    network, data = net("sbo", size, seed, rank=rank), trials(size, seed)
    start = np.random.default_rng(seed).normal(size=(size.trials, size.units))
    h = np.concatenate([start[None], nr.simulate(network, data, engine=ENGINE, initial=start).states["h"]])
    for t, x in enumerate(data.inputs):
        assert difference(h[t + 1], h[t] + descended(network, h[t], x)) < 1e-10


def test_the_gradient_of_the_lower_problem_by_finite_differences():
    network, rng = net("sbo"), np.random.default_rng(0)
    h, x, size = rng.normal(size=(1, 5)), rng.normal(size=(1, 2)), 1e-6
    at = lambda row: float(lower(network, torch.tensor(row), x[0]))  # noqa: E731 - of one argument
    slopes = np.array([(at(h[0] + size * e) - at(h[0] - size * e)) / (2 * size) for e in np.eye(5)])
    assert difference(-network.settings["eta"] * slopes, descended(network, h, x)[0]) < 1e-8


@given(sizes, ranks, seeds)
def test_momentum_by_the_papers_equations(size, rank, seed):
    data = trials(size, seed)
    ball, nesterov = (net(name, size, seed, rank=rank, mu=0.7) for name in ITERATIONS[1:])
    mu = float(ball.weights["mu"])
    found, v = nr.simulate(ball, data, engine=ENGINE), np.zeros((size.trials, size.units))
    for t, h in enumerate([v, *found.states["h"][:-1]]):
        v = mu * v + descended(ball, h, data.inputs[t])
        assert difference(found.states["h"][t], h + v) < 1e-10
    found, d = nr.simulate(nesterov, data, engine=ENGINE), np.zeros((size.trials, size.units))
    for t, h in enumerate([d, *found.states["h"][:-1]]):
        before, d = d, h + descended(nesterov, h, data.inputs[t])
        assert difference(found.states["h"][t], d + mu * (d - before)) < 1e-10


@pytest.mark.parametrize("rank", [None, 3])
@pytest.mark.parametrize("name", ITERATIONS[1:])
def test_without_momentum_all_are_gradient_descent(name, rank):
    data = trials(ORDINARY)
    still, plain = net(name, rank=rank, mu=0.0), net("sbo", rank=rank)
    plain = plain.replace(weights={key: still.weights[key] for key in plain.weights}, readout=still.readout)
    assert difference(*(nr.simulate(each, data, engine=ENGINE).outputs for each in (still, plain))) < 1e-12


@pytest.mark.parametrize("rank", [None, 3])
@pytest.mark.parametrize("name", ITERATIONS)
def test_the_way_back_by_finite_differences(name, rank):
    """Every weight; the recurrent matrix has a gradient."""
    network, data, size = net(name, rank=rank), trials(ORDINARY), 1e-6
    change = nr.weight_change(network, data, rule="bptt", engine=ENGINE)
    for key, array in network.weights.items():
        for index in list(np.ndindex(array.shape))[:4]:
            loss = []
            for way in (size, -size):
                moved = array.copy()
                moved[index] += way
                there = network.replace(weights={**network.weights, key: moved})
                loss.append(nr.simulate(there, data, engine=ENGINE).loss.mean())
            assert change[key][index] == pytest.approx((loss[1] - loss[0]) / (2 * size), rel=1e-4, abs=1e-7), (key, index)
        if ".W." in key:
            assert np.abs(change[key]).max() > 1e-3


@pytest.mark.parametrize("preset", ["sbo", "sbo_sparse"])
def test_the_recurrent_matrix_is_learnt(preset):
    """The paper's published code makes it once and leaves it as it is."""
    start = nr.preset(preset, 2, 8, 3, dt=0.02)
    run = nr.train(start, trials(ORDINARY), trials=20, batch=4, progress=False, **nr.presets.training(preset))
    moved = np.abs(matrix(run.network) - matrix(start)).max()
    assert moved > 0.01
    assert start.learnable == 8 * 2 + 8 + 3 * 8 + (1 if preset == "sbo_sparse" else 2 * 8 * 16)


def test_presets_begin_as_the_paper_does():
    w = nr.preset("sbo", 40, 100, 30, rank=50).weights
    for array in (w["lower.W.P"], w["lower.W.Q"], w["lower.V"], w["lower.b"], nr.preset("sbo", 40, 100, 30).readout):
        assert np.abs(array).max() == pytest.approx(0.1, rel=0.05)
    assert w["lower.W.P"].shape == (100, 50)
    assert nr.preset("sbo_sparse", 2, 5, 1).weights["lower.W.w"] == 0
    assert nr.preset("sbo_nesterov", 2, 5, 1).weights["mu"] == 0.5


def test_what_it_cannot_do_is_said():
    start, data = nr.preset("sbo", 2, 5, 3, dt=0.02), trials(ORDINARY)
    with pytest.raises(NotOffered, match="RFLO is local.*'sbo'.*use rule='bptt'"):
        nr.train(start, data, rule="rflo", engine="torch", trials=2, progress=False)
    with pytest.raises(NotOffered, match="use engine='torch'"):
        nr.train(start, data, rule="bptt", trials=2, progress=False)
    with pytest.raises(ValueRefused, match="rank"):
        nr.preset("sbo", 2, 5, 3, rank=0)
    with pytest.raises(ValueRefused, match="eta must be"):
        load("architectures", "sbo_nesterov")(2, 5, eta=-1.0)
