"""Gradients against somebody else's library: torch's modules and its autograd, on the same weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import ORDINARY, difference, trials

import neurorec as nr

SIZE = ORDINARY


def torch_loss(outputs: torch.Tensor, data: nr.Trials) -> torch.Tensor:
    """L as DESIGN has it, written once more, in torch."""
    targets, mask = torch.from_numpy(data.targets), torch.from_numpy(data.mask)
    if data.loss == "mse":
        each = 0.5 * ((targets - outputs) ** 2).sum(dim=2)
    else:
        each = -(targets * torch.log_softmax(outputs, dim=2)).sum(dim=2)
    return ((mask * each).sum(dim=0) / mask.sum(dim=0)).mean()


def from_torch(module: torch.nn.Module, readout: np.ndarray, cell: str) -> nr.Network:
    """A network with the weights of a torch GRU or LSTM; torch has two biases a gate, we have their sum."""
    weights = {name: value.detach().numpy() for name, value in module.named_parameters()}
    bias, units = weights["bias_ih_l0"].copy(), SIZE.units
    parameters = {}
    if cell == "gru":  # the reset gate multiplies the third recurrent bias: it stays apart
        bias[: 2 * units] += weights["bias_hh_l0"][: 2 * units]
        parameters["b_n"] = weights["bias_hh_l0"][2 * units :]
    else:
        bias += weights["bias_hh_l0"]
    return nr.Network(
        recurrent=weights["weight_hh_l0"], input=weights["weight_ih_l0"], readout=readout, bias=bias,
        cell=cell, dt=0.02, initial=0.0, parameters=parameters,
    )  # fmt: skip


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize(("cell", "module"), [("gru", torch.nn.GRU), ("lstm", torch.nn.LSTM)])
def test_gated_cells_are_torchs(cell, module, engine, loss):
    torch.manual_seed(0)
    theirs = module(SIZE.inputs, SIZE.units).double()
    readout = torch.randn(SIZE.outputs, SIZE.units, dtype=torch.float64, requires_grad=True)
    data = trials(SIZE, loss=loss)
    hidden, _ = theirs(torch.from_numpy(data.inputs))
    torch_loss(hidden @ readout.T, data).backward()

    net = from_torch(theirs, readout.detach().numpy(), cell)
    simulated = nr.simulate(net, data, engine=engine)
    assert np.abs(simulated.states["h"] - hidden.detach().numpy()).max() < 1e-6

    change = nr.weight_change(net, data, rule="bptt", engine=engine)
    gradients = {"recurrent": theirs.weight_hh_l0, "input": theirs.weight_ih_l0, "bias": theirs.bias_ih_l0, "readout": readout}
    tolerance = 1e-10 if engine == "reference" else 1e-5
    for name, parameter in gradients.items():
        assert difference(change[name], -parameter.grad.numpy()) < tolerance, name
    if cell == "gru":
        assert difference(change["b_n"], -theirs.bias_hh_l0.grad.numpy()[2 * SIZE.units :]) < tolerance


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("cell", ["leaky_tanh", "leaky_relu", "leaky_softplus", "leaky_sigmoid"])
def test_leaky_cells_against_autograd(cell, engine):
    rng = np.random.default_rng(3)
    net = nr.Network.random(SIZE.inputs, SIZE.units, SIZE.outputs, cell=cell, dt=0.02, seed=3)
    net = net.replace(bias=rng.normal(size=SIZE.units), initial=rng.normal(size=SIZE.units))
    data = trials(SIZE)
    names = ("recurrent", "input", "bias", "readout")
    w = {name: torch.tensor(np.array(getattr(net, name)), requires_grad=True) for name in names}
    phi = {
        "leaky_tanh": torch.tanh,
        "leaky_relu": torch.relu,
        "leaky_softplus": torch.nn.functional.softplus,
        "leaky_sigmoid": torch.sigmoid,
    }[cell]
    alpha, h, outputs = 0.02 / 0.1, torch.tensor(np.array(net.initial)).repeat(SIZE.trials, 1), []
    for x in torch.from_numpy(data.inputs):
        h = (1 - alpha) * h + alpha * phi(h @ w["recurrent"].T + x @ w["input"].T + w["bias"])
        outputs.append(h @ w["readout"].T)
    torch_loss(torch.stack(outputs), data).backward()
    change = nr.weight_change(net, data, rule="bptt", engine=engine)
    for name in names:
        assert difference(change[name], -w[name].grad.numpy()) < (1e-10 if engine == "reference" else 1e-5), name
