"""Evaluation in time on torch tensors: cells as on NumPy arrays, architectures as step by step, in either float type."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import ORDINARY, difference, network, sizes, trials
from hypothesis import given, settings
from hypothesis import strategies as st
from test_unroll import MODELS, quietly

import neurorec as nr
from neurorec.engines.torch import TorchEngine
from neurorec.engines.unrolled import UnrolledEngine
from neurorec.engines.unrolled._torch_recurrence import TorchRecurrence
from neurorec.engines.unrolled.jacobi import Jacobi
from neurorec.engines.unrolled.newton import Newton
from neurorec.errors import NotOffered, UnrollWarning, ValueRefused
from neurorec.networks.architectures.base import AbstractArchitecture
from neurorec.simulation.unroll import evaluate, weight_change

WAYS = ["sequential", "jacobi", "quasi_newton", "newton", Newton(solver="in_turn"), Newton(damping=0.3)]
EXACT = {"float64": 1e-8, "float32": 1e-3}
seeds = st.integers(0, 1000)


class Growing(AbstractArchitecture):
    """A user's own: two states, of which the second counts what the first was."""

    states = ("h", "sum")

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.W, self.V = (torch.nn.Parameter(torch.randn(units, n) / units**0.5) for n in (units, inputs))

    def initial(self, batch: int) -> tuple[torch.Tensor, ...]:
        """Zeros."""
        return torch.zeros(batch, len(self.W)), torch.zeros(batch, len(self.W))

    def step(self, x: torch.Tensor, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """A leaky sum that inhibits."""
        h, total = state
        h = torch.tanh(h @ self.W.T + x @ self.V.T - 0.1 * total)
        return h, 0.9 * total + h


def module(architecture: str | type, seed: int = 0) -> tuple[nr.ModuleNetwork, nr.Trials]:
    rng = np.random.default_rng(seed)
    net = nr.ModuleNetwork.random(architecture, inputs=2, units=5, outputs=2, seed=seed)
    return net, nr.Trials(rng.normal(size=(12, 3, 2)), rng.normal(size=(12, 3, 2)))


def largest(changes: dict[str, np.ndarray]) -> float:
    return max(np.abs(each).max() for each in changes.values() if each.size)


@pytest.mark.parametrize(("cell", "filter"), MODELS)
@given(size=sizes, seed=seeds, dtype=st.sampled_from(["float64", "float32"]), how=st.sampled_from([*WAYS, Jacobi(sweeps=3)]))
@settings(max_examples=6)
def test_cells_are_the_same_on_tensors(cell, filter, size, seed, dtype, how):
    net, data = network(size, cell, seed, filter=filter, noise=0.05), trials(size, seed)
    on_arrays, on_tensors = (quietly(evaluate, net, data, how, seed=seed, **where) for where in ({}, {"device": "cpu", "dtype": dtype}))
    assert on_tensors.outputs.dtype == dtype
    assert difference(on_tensors.outputs, on_arrays.outputs) < EXACT[dtype]
    assert all(difference(on_tensors.states[name], on_arrays.states[name]) < EXACT[dtype] for name in on_arrays.states)
    for rule in ("bptt", "rflo"):
        wanted = weight_change(net, data, how, rule, seed)
        found = weight_change(net, data, how, rule, seed, device="cpu", dtype=dtype)
        assert found.keys() == wanted.keys()
        assert all(np.abs(found[name] - wanted[name]).max(initial=0) <= EXACT[dtype] * max(1, largest(wanted)) for name in wanted), rule


@pytest.mark.parametrize("architecture", [*nr.names("architectures"), Growing])
def test_an_architecture_is_as_step_by_step(architecture):
    net, data = module(architecture)
    engine = TorchEngine(dtype="float64")
    wanted, change = nr.simulate(net, data, engine), nr.weight_change(net, data, "bptt", engine)
    for how in (*WAYS, Jacobi(sweeps=12)):
        found = quietly(evaluate, net, data, how)
        assert found.outputs.dtype == np.float64
        assert np.abs(found.outputs - wanted.outputs).max() < 1e-8, how
        assert all(np.abs(found.states[name] - wanted.states[name]).max() < 1e-8 for name in wanted.states)
        again = weight_change(net, data, how)
        assert all(np.abs(again[name] - change[name]).max(initial=0) < 1e-8 for name in change), how


@pytest.mark.parametrize("architecture", ["torch_lstm", "sbo", Growing])
def test_few_sweeps_of_an_architecture_have_the_gradient_of_these_sweeps(architecture):
    net, data = module(architecture)
    how, rng = Jacobi(sweeps=2), np.random.default_rng(1)
    found, exact = weight_change(net, data, how), nr.weight_change(net, data, "bptt", TorchEngine(dtype="float64"))
    assert max(np.abs(found[name] - exact[name]).max() for name in exact) > 1e-6
    for name, value in net.weights.items():
        direction = rng.normal(size=value.shape)
        moved = [net.replace(weights={**net.weights, name: value + sign * 1e-6 * direction}) for sign in (1, -1)]
        losses = [quietly(evaluate, each, data, how).loss.mean() for each in moved]
        slope = -(losses[0] - losses[1]) / 2e-6
        assert abs(slope - (found[name] * direction).sum()) < 1e-6 * max(1, largest(found)), name


@pytest.mark.parametrize("cell", ["leaky_tanh", "lstm"])
def test_products_with_the_jacobian_are_those_of_its_matrices(cell):
    net, data, rng = network(ORDINARY, cell), trials(ORDINARY), np.random.default_rng(0)
    engine = UnrolledEngine("sequential", device="cpu")
    nr.simulate(net, data, engine)
    assert engine.last is not None
    _, recurrence, found = engine.last
    assert isinstance(recurrence, TorchRecurrence)
    linear = recurrence.linear(found.solution.states[:, :-1])
    v, z = (torch.tensor(rng.normal(size=tuple(linear.after.shape))) for _ in range(2))
    matrices, stacked = linear.matrices(), v.movedim(1, 0).flatten(1)
    assert torch.allclose(torch.einsum("rij,rj->ri", matrices, stacked), linear.push(v).movedim(1, 0).flatten(1))
    assert torch.allclose((linear.pull(z) * v).sum(), (linear.push(v) * z).sum())
    assert torch.allclose(linear.at(slice(3, 7)).matrices(), matrices[3:7])


def test_exponents_and_the_table_are_those_of_arrays():
    net, data = network(ORDINARY), trials(ORDINARY)
    on_arrays, on_tensors = quietly(evaluate, net, data), quietly(evaluate, net, data, device="cpu", dtype="float32")
    assert np.allclose(on_tensors.lyapunov, on_arrays.lyapunov, atol=1e-4)
    assert on_tensors.to_xarray()["residual"].dims == ("sweep", "trial")


def test_an_architecture_trains_by_sweeps_and_goes_on_from_its_file(tmp_path):
    net, data = module("torch_rnn")
    plan = {"rule": "bptt", "engine": nr.unroll.engine(Jacobi(sweeps=4), "cpu", "float32"), "batch": 3, "rate": 0.02, "progress": False}
    whole = nr.train(net, data, trials=30, **plan)
    nr.train(net, data, trials=15, path=tmp_path / "run.h5", **plan)
    resumed = nr.resume(tmp_path / "run.h5", trials=30, task=data, progress=False)
    assert all(np.array_equal(resumed.network.weights[name], value) for name, value in whole.network.weights.items())
    assert resumed.config["engine_settings"]["dtype"] == "float32"
    assert whole.log["loss"][-1] < whole.log["loss"][0]


def test_where_it_does_not_converge_the_states_are_the_sequential_ones():
    net, data = module(Growing)
    with pytest.warns(UnrollWarning, match="did not converge in 1 sweeps"):
        found = evaluate(net, data, Newton(most=1))
    assert np.array_equal(found.outputs, quietly(evaluate, net, data, "sequential").outputs)


def test_what_cannot_be_is_said():
    net, data = network(ORDINARY), trials(ORDINARY)
    with pytest.raises(NotOffered, match="in float64, not float32; give a device, such as device='cpu'"):
        evaluate(net, data, dtype="float32")
    with pytest.raises(ValueRefused, match="dtype must be float64 or float32, got 'float16'"):
        evaluate(net, data, device="cpu", dtype="float16")
    with pytest.raises(ValueRefused, match="device must be one of torch's"):
        evaluate(net, data, device="gpu0")
    disturbed, data = module("remainder_gaussian")
    with pytest.raises(NotOffered, match="disturbs its steps in training, one after another; use engine='torch'"):
        nr.train(disturbed, data, rule="bptt", engine=nr.unroll.engine(), trials=3, batch=3, progress=False)
    with pytest.raises(NotOffered, match="is local"):
        nr.train(disturbed, data, rule="rflo", engine=nr.unroll.engine(), trials=3, batch=3, progress=False)
