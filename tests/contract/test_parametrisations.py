"""Beside the laws of every parametrisation (`test_laws`): ours against torch's autograd, and the range that each stands for."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from breadth import THOROUGH
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load, resolve
from neurorec.testing.parametrisations import cell_for

units, seeds = st.integers(1, 12), st.integers(0, 10_000)


@cache
def cell(law: str) -> str:
    return cell_for(resolve("parametrisations", law))


def network(law: str, n: int = 6, seed: int = 0, **settings) -> nr.Network:
    return nr.Network.random(2, n, 2, cell=cell(law), sparsity=0.3, parametrisation=law, seed=seed, **settings)


def loop(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights outside of `recurrent` that its value may depend on."""
    return {"readout": rng.normal(size=(2, n)), "feedback": rng.normal(size=(n, 2))}


def somewhere(law: str, n: int, seed: int, blocks: int = 1) -> dict[str, np.ndarray]:
    """Free parameters away from the start, for a stack of square blocks."""
    rng, columns = np.random.default_rng(seed), n * len(load("cells", cell(law)).drives)
    blocks = 1 if load("parametrisations", law).reads else blocks
    read = {name: array for name, array in loop(n, rng).items() if name in load("parametrisations", law).reads}
    free = {**resolve("parametrisations", law).start(rng.normal(size=(blocks * columns, columns)), n, rng, **read), **read}
    moved = {name: free[name] + rng.normal(size=free[name].shape) * rng.uniform(0, 1) for name in load("parametrisations", law).learnt}
    return {**free, **moved}


def trials(steps: int = 6, seed: int = 0) -> nr.Trials:
    rng = np.random.default_rng(seed)
    return nr.Trials(rng.normal(size=(steps, 3, 2)), rng.normal(size=(steps, 3, 2)))


def torch_cayley(skew: torch.Tensor) -> torch.Tensor:
    return torch.linalg.solve(torch.eye(len(skew)) + skew, torch.eye(len(skew)) - skew)


def torch_skew(upper: torch.Tensor, n: int) -> torch.Tensor:
    matrix = torch.zeros(n, n, dtype=torch.float64)
    matrix[tuple(torch.triu_indices(n, n, 1))] = upper
    return matrix - matrix.T


def torch_unitary(free: dict[str, torch.Tensor]) -> torch.Tensor:
    stored = free["skew"][0]
    real, imaginary = stored.triu(1), stored.tril()
    skew = torch.complex(real - real.T, imaginary + stored.tril(-1).T)
    w = torch_cayley(skew) * torch.exp(1j * free["theta"][0])
    return torch.cat([torch.cat([w.real, -w.imag], 1), torch.cat([w.imag, w.real], 1)])


def torch_normalised(free: dict[str, torch.Tensor]) -> torch.Tensor:
    signs, short = free["signs"][0], free["short"][0]
    long = torch_cayley(torch_skew(free["skew"][0], len(signs))) * signs
    radius = torch.linalg.eigvals(short).abs().max() if len(short) else torch.tensor(0.0)
    below = torch.cat([torch.zeros(len(short), len(signs)), short / torch.clamp(radius, min=1)], 1)
    return torch.cat([torch.cat([long, free["coupling"][0]], 1), below])


IN_TORCH = {
    "cayley": lambda f: torch_cayley(torch_skew(f["skew"][0], f["signs"].shape[1])) * f["signs"][0],
    "orthogonal": lambda f: f["base"][0] @ torch.linalg.matrix_exp(torch_skew(f["skew"][0], f["base"].shape[1])),
    "unitary_cayley": torch_unitary,
    "eigenvalue_normalised": torch_normalised,
    "dale": lambda f: f["strength"].abs() * f["signs"],
    "dale_clipped": lambda f: f["strength"].relu() * f["signs"],
    "output_fed_back": lambda f: f["inner"] + f["feedback"] @ f["readout"],
    "sparse": lambda f: f["strength"] * f["mask"],
}


@pytest.mark.parametrize("law", IN_TORCH)
@given(n=units, seed=seeds)
def test_the_product_is_what_autograd_finds(law, n, seed):
    cls, free = load("parametrisations", law), somewhere(law, n, seed)
    given_ = {name: torch.tensor(array, requires_grad=name in (*cls.learnt, *cls.reads)) for name, array in free.items()}
    value = IN_TORCH[law](given_)
    wanted = np.random.default_rng(seed).normal(size=tuple(value.shape))
    assert np.abs(value.detach().numpy() - cls.map(free)).max() < 1e-9
    (value * torch.from_numpy(wanted)).sum().backward()
    pulled = cls.pull(free, wanted)
    largest = max([1e-3, *(float(np.abs(each).max(initial=0)) for each in pulled.values())])
    for name, found in pulled.items():
        expected = np.zeros_like(found) if given_[name].grad is None else given_[name].grad.numpy()
        assert np.abs(found - expected).max(initial=0) <= 1e-6 * largest, name


def assert_in_range(law: str, net: nr.Network, started: nr.Network) -> None:
    """Of weights as an engine uses them, in float32."""
    used = net.recurrent.astype(np.float32)
    n = used.shape[1]
    if law in ("dale", "dale_clipped"):
        assert ((used * started.free["signs"]) >= 0).all()
        assert np.array_equal(net.free["signs"], started.free["signs"])
    elif law == "sparse":
        assert 0 < (started.recurrent == 0).sum()
        assert not used[started.recurrent == 0].any()
    elif law == "output_fed_back":
        loop = net.recurrent - net.free["inner"]
        assert np.abs(loop - net.feedback @ net.readout).max() < 1e-5
        assert np.array_equal(net.feedback, started.feedback)
    elif law == "eigenvalue_normalised":
        long = net.free["signs"].shape[1]
        assert np.abs(used[:long, :long].T @ used[:long, :long] - np.eye(long)).max() < 1e-5
        assert np.abs(np.linalg.eigvals(used[long:, long:].astype(float))).max() <= 1 + 1e-6
        assert not used[long:, :long].any()
    else:
        assert np.abs(used.T @ used - np.eye(n)).max() < 1e-5


@pytest.mark.parametrize("law", IN_TORCH)
@pytest.mark.parametrize("rule", ["bptt", "rflo"] if THOROUGH else ["bptt"])
def test_six_hundred_updates_stay_in_the_range_that_the_paper_says(law, rule):
    net = network(law, 16)
    run = nr.train(net, trials(), rule=rule, trials=1800, batch=3, rate=0.01, optimiser="adam", clip=1.0, progress=False)
    assert_in_range(law, run.network, net)
