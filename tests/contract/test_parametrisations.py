"""Laws of every parametrisation: its product is the derivative, it is found again from its value, and training keeps to its range."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import difference
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load, resolve
from neurorec.learning.optimisers.adam import Adam

LAWS = nr.names("parametrisations")
CELL = {
    "unitary_cayley": "complex_modrelu",
    "dale": "leaky_softplus",
    "dale_clipped": "leaky_softplus",
    "output_fed_back": "leaky_tanh",
}  # the others: modrelu
units, seeds = st.integers(1, 12), st.integers(0, 10_000)


def network(law: str, n: int = 6, seed: int = 0, **settings) -> nr.Network:
    return nr.Network.random(2, n, 2, cell=CELL.get(law, "modrelu"), sparsity=0.3, parametrisation=law, seed=seed, **settings)


def loop(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights outside of `recurrent` that its value may depend on."""
    return {"readout": rng.normal(size=(2, n)), "feedback": rng.normal(size=(n, 2))}


def somewhere(law: str, n: int, seed: int, blocks: int = 1) -> dict[str, np.ndarray]:
    """Free parameters away from the start, for a stack of square blocks."""
    rng, columns = np.random.default_rng(seed), 2 * n if law == "unitary_cayley" else n
    blocks = 1 if load("parametrisations", law).reads else blocks
    read = {name: array for name, array in loop(n, rng).items() if name in load("parametrisations", law).reads}
    free = {**resolve("parametrisations", law).start(rng.normal(size=(blocks * columns, columns)), n, rng, **read), **read}
    moved = {name: free[name] + rng.normal(size=free[name].shape) * rng.uniform(0, 1) for name in load("parametrisations", law).learnt}
    return {**free, **moved}


def all_of(net: nr.Network) -> dict[str, np.ndarray]:
    return {**net.free, **{name: getattr(net, name) for name in load("parametrisations", net.parametrisation).reads}}


def trials(steps: int = 6, seed: int = 0) -> nr.Trials:
    rng = np.random.default_rng(seed)
    return nr.Trials(rng.normal(size=(steps, 3, 2)), rng.normal(size=(steps, 3, 2)))


@pytest.mark.parametrize("law", LAWS)
@given(n=units, seed=seeds, blocks=st.integers(1, 3))
def test_the_product_is_the_derivative_of_the_map(law, n, seed, blocks):
    """<pull(G), d> is the slope of <G, map> along any direction d of the free parameters."""
    cls, free, rng = load("parametrisations", law), somewhere(law, n, seed, blocks), np.random.default_rng(seed + 1)
    wanted = rng.normal(size=cls.map(free).shape)
    pulled = cls.pull(free, wanted)
    assert set(cls.learnt) <= pulled.keys() <= {*cls.learnt, *cls.reads}
    for name, found in pulled.items():
        direction = rng.normal(size=found.shape)
        sides = [(wanted * cls.map({**free, name: free[name] + sign * 1e-6 * direction})).sum() for sign in (1, -1)]
        scale = np.linalg.norm(found) * np.linalg.norm(direction)
        assert found.shape == free[name].shape
        assert abs((sides[0] - sides[1]) / 2e-6 - (found * direction).sum()) <= 1e-6 * max(scale, 1e-3), name


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


@pytest.mark.parametrize("law", LAWS)
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


@pytest.mark.parametrize("law", LAWS)
@given(n=units, seed=seeds, blocks=st.integers(1, 3))
def test_a_value_is_found_again(law, n, seed, blocks):
    cls = load("parametrisations", law)
    free = somewhere(law, n, seed, blocks)
    value, read = cls.map(free), {name: free[name] for name in cls.reads}
    again = resolve("parametrisations", law).of(value, **read)
    assert {name: array.shape for name, array in again.items()} == cls.shapes(value.shape, again)
    assert np.abs(cls.map({**again, **read}) - value).max() < 1e-9


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_networks_start_where_their_map_is(law, n):
    net = network(law, n)
    cls = load("parametrisations", law)
    assert net.parametrisation == law
    assert net.learnt == cls.learnt
    assert np.array_equal(net.recurrent, cls.map(all_of(net)))
    assert not np.array_equal(network(law, 5, seed=1).recurrent, network(law, 5).recurrent)


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


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("rule", ["bptt", "rflo"])
def test_six_hundred_updates_stay_in_range(law, rule):
    net = network(law, 16)
    run = nr.train(net, trials(), rule=rule, trials=1800, batch=3, rate=0.01, optimiser="adam", clip=1.0, progress=False)
    assert np.abs(run.network.recurrent - net.recurrent).max() > 0.1
    assert_in_range(law, run.network, net)
    assert np.array_equal(run.network.recurrent, load("parametrisations", law).map(all_of(run.network)))


@pytest.mark.parametrize("law", LAWS)
def test_a_loss_falls_along_the_free_parameters(law):
    """An exact rule's change of each free parameter is minus the slope of the loss, by finite differences through the whole network."""
    net, data = network(law, 4), trials()
    net = net.replace(free={**net.free, **{name: net.free[name] + 0.05 for name in net.learnt}})  # away from a kink at zero
    change = nr.weight_change(net, data, rule="bptt", engine="reference")
    for name in net.learnt:
        direction = np.random.default_rng(0).normal(size=net.free[name].shape)
        sides = [
            nr.simulate(
                net.replace(free={**net.free, name: net.free[name] + sign * 1e-6 * direction}), data, engine="reference"
            ).loss.mean()
            for sign in (1, -1)
        ]
        assert -(sides[0] - sides[1]) / 2e-6 == pytest.approx((change[name] * direction).sum(), rel=1e-5, abs=1e-9), name


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("rule", nr.names("rules"))
def test_every_engine_and_rule_pulls_alike(law, rule):
    net, data = network(law), trials()
    ours, definition = (nr.weight_change(net, data, rule=rule, engine=engine) for engine in ("numba", "reference"))
    assert ours.keys() == definition.keys() >= set(net.learnt)
    assert all(difference(ours[name], definition[name]) < 1e-4 for name in definition)
    moves = load("rules", rule)().may_change("recurrent")
    assert all(bool(np.any(definition[name])) == moves for name in net.learnt)


@pytest.mark.parametrize("law", LAWS)
def test_saving_keeps_the_free_parameters(law, tmp_path):
    net = network(law)
    net.save(tmp_path / "net.h5")
    back = nr.Network.load(tmp_path / "net.h5")
    assert (back.parametrisation, back.free.keys()) == (law, net.free.keys())
    assert all(np.array_equal(back.free[name], net.free[name]) for name in net.free)
    assert np.array_equal(back.recurrent, net.recurrent)


@pytest.mark.parametrize("law", LAWS)
def test_a_run_goes_on_to_the_same_bits(law, tmp_path):
    net, data = network(law), trials()
    settings = {"rule": "bptt", "batch": 3, "rate": 0.01, "optimiser": Adam(beta1=0.8), "progress": False}
    whole = nr.train(net, data, trials=60, **settings).network
    nr.train(net, data, trials=30, path=tmp_path / "run.h5", **settings)
    resumed = nr.resume(tmp_path / "run.h5", trials=60, task=data, progress=False)
    stored = nr.open_run(tmp_path / "run.h5").network
    for again in (resumed.network, stored):
        assert np.array_equal(again.recurrent, whole.recurrent)
        assert all(np.array_equal(again.free[name], whole.free[name]) for name in whole.free)
    assert not np.array_equal(whole.recurrent, net.recurrent)
