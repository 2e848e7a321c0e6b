"""Torch modules as networks: torch's own numbers, our files, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from breadth import THOROUGH
from cases import ORDINARY, Sizes, difference, trials

import neurorec as nr
from neurorec.discovery import load
from neurorec.engines.torch import TorchEngine
from neurorec.errors import NotOffered, RunFileError, ShapeError, UnknownName, ValueRefused
from neurorec.learning.rules.base import AbstractRule

ARCHITECTURES = nr.names("architectures")
ENGINE = TorchEngine(dtype="float64")
TASK = nr.task("n_bit_flip_flop", n_bits=2, duration=1.0, rate=1.5)


class Gated(torch.nn.Module):
    """A module that has nothing to do with neurorec: a buffer, a setting, a number type that is no float, two states."""

    states = ("h", "clock")

    def __init__(self, inputs: int, units: int, leak: float = 0.1) -> None:
        super().__init__()
        self.leak, self.units, self.inner = leak, units, torch.nn.Linear(inputs + units, units)
        self.register_buffer("mask", (torch.rand(units) > 0.3).float())
        self.register_buffer("count", torch.tensor(1))

    def initial(self, batch: int) -> tuple[torch.Tensor, ...]:
        return torch.full((batch, self.units), 0.2), torch.zeros(batch, self.units)

    def step(self, x: torch.Tensor, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        h, clock = state
        return (1 - self.leak) * h + self.leak * self.mask * torch.tanh(self.inner(torch.cat([x, h], 1))), clock + self.count


class Stepless(torch.nn.Module):
    states = ("h",)

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()

    def initial(self, batch: int) -> tuple[torch.Tensor, ...]:
        return (torch.zeros(batch, 1),)


class Narrow(Stepless):
    def step(self, x, state):
        return state


class Local(AbstractRule):
    influence = "local"


def net(architecture: str | type = "torch_gru", size: Sizes = ORDINARY, seed: int = 0, **more) -> nr.ModuleNetwork:
    return nr.ModuleNetwork.random(architecture, size.inputs, size.units, size.outputs, dt=0.02, seed=seed, **more)


def train(network: nr.ModuleNetwork, **more) -> nr.Run:
    settings = {"rule": "bptt", "engine": ENGINE, "optimiser": "adam", "rate": 0.01, "trials": 12, "batch": 4, "progress": False}
    return nr.train(network, trials(ORDINARY), **{**settings, **more})


def same(a: nr.ModuleNetwork, b: nr.ModuleNetwork) -> bool:
    ours, theirs = a.parts(), b.parts()
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize(("name", "module"), [("torch_rnn", torch.nn.RNN), ("torch_gru", torch.nn.GRU), ("torch_lstm", torch.nn.LSTM)])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_torchs_modules_give_torchs_outputs_and_gradients(name, module, loss):
    network, data = net(name), trials(ORDINARY, loss=loss)
    theirs = module(ORDINARY.inputs, ORDINARY.units).double()
    theirs.load_state_dict({k.removeprefix("layer."): torch.tensor(v) for k, v in network.weights.items()})
    readout = torch.tensor(network.readout, requires_grad=True)
    outputs = theirs(torch.tensor(data.inputs))[0] @ readout.T
    targets, share = torch.tensor(data.targets), torch.tensor(data.weight)
    each = ((targets - outputs) ** 2).sum(2) / 2 if loss == "mse" else -(targets * torch.log_softmax(outputs, 2)).sum(2)
    (share * each).sum().backward()

    assert difference(nr.simulate(network, data, engine=ENGINE).outputs, outputs.detach().numpy()) < 1e-12
    change = nr.weight_change(network, data, rule="bptt", engine=ENGINE)
    assert set(change) == {*network.weights, "readout"}
    for name_, parameter in (("readout", readout), *((f"layer.{n}", p) for n, p in theirs.named_parameters())):
        assert difference(change[name_], -parameter.grad.numpy()) < 1e-10, name_


@pytest.mark.parametrize(("name", "cell"), [("torch_gru", "gru"), ("torch_lstm", "lstm")])
def test_a_module_learns_as_the_cell_that_is_its_formula(name, cell):
    """Random feedback too: the way of the error is the network's, not the module's."""
    module, data, n = net(name), trials(ORDINARY), ORDINARY.units
    w = {key.removeprefix("layer."): np.array(value) for key, value in module.weights.items()}
    bias, parameters = w["bias_ih_l0"] + w["bias_hh_l0"], {}
    if cell == "gru":
        bias[2 * n :], parameters = w["bias_ih_l0"][2 * n :], {"b_n": w["bias_hh_l0"][2 * n :]}
    formula = nr.Network(
        w["weight_hh_l0"], w["weight_ih_l0"], module.readout, module.feedback, cell, 0.02, bias, initial=0.0, parameters=parameters
    )
    for rule in ("bptt", "random_feedback_bptt", "rtrl"):
        ours, theirs = (nr.weight_change(each, data, rule=rule, engine=ENGINE) for each in (module, formula))
        assert difference(ours["layer.weight_hh_l0"], theirs["recurrent"]) < 1e-10
        assert difference(ours["layer.weight_ih_l0"], theirs["input"]) < 1e-10
        assert difference(ours["readout"], theirs["readout"]) < 1e-10


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, Gated])
def test_every_architecture_learns_is_recorded_and_goes_on_to_the_same_bits(tmp_path, architecture):
    start = net(architecture)
    record = nr.Record(variables=(*start.own_states, "output"), every=2)
    data = trials(ORDINARY)
    whole = train(start, record=record)
    train(start, record=record, trials=8, path=tmp_path / "run.h5")
    done = nr.resume(tmp_path / "run.h5", trials=12, task=data, progress=False, trust=[Gated])
    assert same(done.network, whole.network)
    assert not same(done.network, start)
    assert same(done.checkpoint(0), start)
    assert same(nr.ModuleNetwork.load(tmp_path / "run.h5", trust=Gated), done.network)
    assert dict(done.trajectories().sizes) == {"time": 7, "trial": 6, "unit": 5, "output_channel": 3}
    assert whole.trajectories().identical(done.trajectories())


# Of every one that it lowers a loss is a law of architectures.
@pytest.mark.parametrize("architecture", [*ARCHITECTURES, Gated] if THOROUGH else ["torch_gru", Gated])
def test_a_task_is_learnt(architecture):
    start = nr.ModuleNetwork.random(architecture, TASK.n_inputs, 24, TASK.n_outputs, seed=1)
    run = nr.train(start, TASK, rule="bptt", engine="torch", optimiser="adam", rate=0.01, trials=1000, batch=20, progress=False)
    assert float(run.log["loss"][-100:].mean()) < 0.8 * float(run.log["loss"][:100].mean())


def test_a_module_of_ones_own_with_its_buffers_and_settings():
    network, data = net(Gated, settings={"leak": 0.5}), trials(ORDINARY)
    assert network.plastic == ("inner.weight", "inner.bias", "readout")
    assert set(network.weights) == {"mask", "inner.weight", "inner.bias"}
    found = nr.simulate(network, data, engine=ENGINE)
    h = np.full((ORDINARY.trials, ORDINARY.units), 0.2, np.float32).astype(float)
    for t, x in enumerate(data.inputs):
        drive = np.concatenate([x, h], 1) @ network.weights["inner.weight"].T + network.weights["inner.bias"]
        h = 0.5 * h + 0.5 * network.weights["mask"] * np.tanh(drive)
        assert difference(found.states["h"][t], h) < 1e-12
        assert (found.states["clock"][t] == t + 1).all()
    trained = train(network).network
    assert np.array_equal(trained.weights["mask"], network.weights["mask"])
    assert not np.array_equal(trained.weights["inner.weight"], network.weights["inner.weight"])


def test_a_seed_fixes_every_weight_and_leaves_torchs_generator_alone():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    first, again, other = (net(Gated, seed=seed) for seed in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_only_what_is_plastic_changes_and_a_rule_may_spare_the_module():
    start = net()
    readout_only = train(start, rule="readout_only").network
    assert all(np.array_equal(readout_only.weights[name], start.weights[name]) for name in start.weights)
    assert not np.array_equal(readout_only.readout, start.readout)
    one = train(start, plastic=("layer.weight_hh_l0",), rate={"layer.weight_hh_l0": 0.1}).network
    assert [name for name in start.weights if not np.array_equal(one.weights[name], start.weights[name])] == ["layer.weight_hh_l0"]
    assert np.array_equal(one.readout, start.readout)


def test_a_network_without_inputs():
    network = net("torch_lstm", Sizes(4, 0, 1, 5, 2))
    assert np.isfinite(nr.simulate(network, trials(Sizes(4, 0, 1, 5, 2)), engine="torch").outputs).all()


def test_a_file_of_its_own_says_which_kind_of_network_it_holds(tmp_path):
    network = net(Gated, settings={"leak": 0.3}, plastic=("inner.weight",))
    network.save(tmp_path / "module.h5")
    again = nr.ModuleNetwork.load(tmp_path / "module.h5", trust=Gated)
    assert same(again, network)
    assert (again.settings, again.plastic, again.dt, again.inputs) == ({"leak": 0.3}, ("inner.weight",), 0.02, ORDINARY.inputs)
    with pytest.raises(RunFileError, match="nr.ModuleNetwork.load"):
        nr.Network.load(tmp_path / "module.h5")
    nr.Network.random(1, 2, 1).save(tmp_path / "cell.h5")
    with pytest.raises(RunFileError, match="nr.Network.load"):
        nr.ModuleNetwork.load(tmp_path / "cell.h5")


@pytest.mark.parametrize(
    "engine", [name for name in nr.names("engines") if name != "cuda" and nr.ModuleNetwork not in load("engines", name).takes]
)
def test_another_engine_refuses_before_the_first_step(engine, tmp_path):
    network, data = net(), trials(ORDINARY)
    for attempt in (
        lambda: nr.simulate(network, data, engine=engine),
        lambda: nr.weight_change(network, data, rule="bptt", engine=engine),
        lambda: train(network, engine=engine),
        lambda: nr.stream(network, data, tmp_path / "long.h5", engine=engine),
    ):
        with pytest.raises(NotOffered, match="use engine='torch'"):
            attempt()


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"rule": "rflo"}, "rflo is local|RFLO is local.*random_feedback_bptt"),
        ({"rule": Local}, "Local is local"),
        ({"rule": "rtrl", "update": "step"}, "use update='trial'"),
    ],
)
def test_what_a_module_cannot_learn_by_is_refused_in_words(more, text):
    with pytest.raises(NotOffered, match=text):
        train(net(), **more)
    if "update" not in more:
        with pytest.raises(NotOffered, match=text):
            nr.weight_change(net(), trials(ORDINARY), engine=ENGINE, **more)


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        (lambda: net("torch_grv"), UnknownName, "did you mean 'torch_gru'"),
        (lambda: net(Stepless), NotOffered, "has no step"),
        (lambda: net(Narrow), ShapeError, r"1 tensors of shape \(1, 5\)"),
        (lambda: net().replace(weights={}), ValueRefused, "layer.weight_ih_l0"),
        (lambda: net().replace(weights={**net().weights, "more": 1.0}), ValueRefused, "no weight of torch_gru named 'more'"),
        (lambda: net().replace(weights={**net().weights, "layer.weight_hh_l0": np.zeros((2, 2))}), ShapeError, r"\(15, 5\)"),
        (lambda: net().replace(plastic=("recurrent",)), ValueRefused, "layer.weight_hh_l0"),
        (lambda: net(settings={"wings": 2}), ValueRefused, "wings"),
        (lambda: net().replace(feedback=np.zeros((3, 5))), ShapeError, r"\(units, outputs\)"),
    ],
)
def test_a_network_that_makes_no_sense_is_refused(wrong, error, text):
    with pytest.raises(error, match=text):
        wrong()


def test_torch_is_not_loaded_before_it_is_needed():
    code = (
        "import sys, neurorec as nr; nr.names('architectures'); nr.ModuleNetwork; nr.Network.random(1, 4, 1); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.gpu
@pytest.mark.parametrize("architecture", [*ARCHITECTURES, Gated])
def test_a_gpu_gives_the_cpus_numbers(architecture):
    ours, definition = (train(net(architecture), engine=TorchEngine(device, "float64"), trials=4).network for device in ("cuda", "cpu"))
    assert all(difference(array, definition.parts()[name]) < 1e-9 for name, array in ours.parts().items() if array.size)
