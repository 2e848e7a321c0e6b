"""Training by Taylor remainder: the identity it rests on, its bound, and that nothing of it is left at test time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import ORDINARY, difference, trials
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.engines.torch import TorchEngine
from neurorec.errors import NotOffered, ValueRefused
from neurorec.random_numbers.noise import training_noise

ENGINE = TorchEngine(dtype="float64")
FORMS = ("remainder_lagrange", "remainder_bound", "remainder_gaussian")
CELLS = ("torch_rnn", "torch_lstm")
arguments = st.floats(-4, 4)


def net(form: str, cell: str = "torch_rnn", strength: float = 0.5) -> nr.ModuleNetwork:
    settings = {"cell": cell, "strength": strength}
    return nr.ModuleNetwork.random(form, ORDINARY.inputs, ORDINARY.units, ORDINARY.outputs, dt=0.02, settings=settings, seed=1)


def plain(network: nr.ModuleNetwork) -> nr.ModuleNetwork:
    """The cell alone, with the same weights."""
    weights = {name.removeprefix("cell."): array for name, array in network.weights.items()}
    return nr.ModuleNetwork(network.settings["cell"], network.inputs, weights, network.readout, network.feedback, dt=network.dt)


def train(network: nr.ModuleNetwork, **more) -> nr.Run:
    settings = {"engine": ENGINE, "rate": 0.1, "trials": 12, "batch": 4, "progress": False}
    return nr.train(network, trials(ORDINARY), rule="bptt", **{**settings, **more})


def sample(form: str, before: float, after: float, draws: np.ndarray) -> np.ndarray:
    made = load("architectures", form)(1, 1)
    return made.sample(*(torch.tensor([value], dtype=torch.float64) for value in (before, after)), torch.tensor(draws)).numpy()


@given(arguments, arguments)
def test_some_c_between_the_two_makes_lagranges_remainder_the_tanhs_own(before, after):
    """Between samples that are too low and too high there is one, since they are continuous in c."""
    found = sample("remainder_lagrange", before, after, np.linspace(-6, 6, 400))
    assert found.min() <= 1e-9
    assert found.max() >= -1e-9


@given(arguments, arguments, st.floats(-6, 6))
def test_no_sample_is_larger_than_its_bound(before, after, draw):
    bound = 4 / (3 * np.sqrt(3)) * (after - before) ** 2 / 2
    assert abs(sample("remainder_bound", before, after, np.array([draw])).item()) <= min(bound, 1) + 1e-15
    assert abs(sample("remainder_lagrange", before, after, np.array([draw])).item()) <= 2 * bound + 1e-12  # of two remainders


def test_the_constant_of_the_bound_is_the_largest_curvature():
    x, size = np.linspace(-3, 3, 100_001), 1e-4
    curvature = (np.tanh(x + size) - 2 * np.tanh(x) + np.tanh(x - size)) / size**2
    assert np.abs(curvature).max() == pytest.approx(4 / (3 * np.sqrt(3)), rel=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("form", FORMS)
def test_at_test_time_it_is_the_plain_cell_to_the_bit(form, cell):
    trained, data = train(net(form, cell)).network, trials(ORDINARY, seed=5)
    for engine in (ENGINE, TorchEngine()):
        ours, theirs = (nr.simulate(each, data, engine=engine) for each in (trained, plain(trained)))
        assert np.array_equal(ours.outputs, theirs.outputs)
    ours, theirs = (nr.weight_change(each, data, rule="bptt", engine=ENGINE) for each in (trained, plain(trained)))
    assert all(np.array_equal(change, theirs[name.removeprefix("cell.")]) for name, change in ours.items())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("form", FORMS)
def test_without_strength_training_is_that_of_the_plain_cell_to_the_bit(form, cell):
    start = net(form, cell, strength=0.0)
    ours, theirs = train(start).network, train(plain(start)).network
    assert all(np.array_equal(array, theirs.weights[name.removeprefix("cell.")]) for name, array in ours.weights.items())
    assert not np.array_equal(train(net(form, cell)).network.readout, ours.readout)


@pytest.mark.parametrize("form", FORMS)
def test_a_seed_fixes_training_and_torchs_generator_is_not_asked(form, tmp_path):
    torch.manual_seed(3)
    state = torch.random.get_rng_state()
    whole, other = train(net(form)).network, train(net(form), seed=1).network
    train(net(form), trials=4, path=tmp_path / "run.h5")
    gone_on = nr.resume(tmp_path / "run.h5", trials=12, task=trials(ORDINARY), progress=False).network
    assert all(np.array_equal(array, gone_on.weights[name]) for name, array in whole.weights.items())
    assert not np.array_equal(whole.readout, other.readout)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("form", FORMS)
def test_an_update_is_the_gradient_through_the_disturbed_steps(form):
    """By torch alone, from the same draws; what is added counts as a constant."""
    start, data = net(form), trials(ORDINARY)
    draws = training_noise(start, ORDINARY.steps, ORDINARY.trials, seed=0, first=0).rows(np.float64)
    module = load("architectures", form)(ORDINARY.inputs, ORDINARY.units, **start.settings).double()
    module.load_state_dict({name: torch.tensor(array) for name, array in start.weights.items()})
    arrays = [torch.tensor(each) for each in (data.inputs, draws, data.targets, data.weight)]
    states = module.training_steps(arrays[0], module.initial(ORDINARY.trials), arrays[1])
    outputs = torch.stack([h for (h,) in states[1:]]) @ torch.tensor(start.readout).T
    (((arrays[2] - outputs) ** 2).sum(2) / 2 * arrays[3]).sum().backward()
    moved = train(start, trials=ORDINARY.trials, batch=ORDINARY.trials, rate=1.0).network
    for name, parameter in module.named_parameters():
        assert difference(moved.weights[name] - start.weights[name], -parameter.grad.numpy()) < 1e-10


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_says_of_what_it_takes_the_tanh(cell):
    module, rng = load("architectures", cell)(2, 5), torch.Generator().manual_seed(0)
    x, before = torch.randn(3, 2, generator=rng), tuple(torch.randn(3, 5, generator=rng) for _ in module.states)
    after = module.step(x, before)
    argument, gain = module.squashed(x, before, after)
    assert torch.allclose(gain * torch.tanh(argument), after[0], atol=1e-6)


def test_what_it_cannot_do_is_said():
    with pytest.raises(NotOffered, match="torch_gru does not say of what it takes a tanh; use cell='torch_rnn'"):
        net("remainder_bound", "torch_gru")
    with pytest.raises(ValueRefused, match="strength must be zero or positive, got -1"):
        net("remainder_bound", strength=-1.0)
