"""Cells of the gradient-based variants, against their papers' equations in torch and its autograd."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from cases import ORDINARY, difference, network, trials

import neurorec as nr

State = tuple[torch.Tensor, ...]
DT = 0.02


def tanh(state: State, u: torch.Tensor, p: dict) -> State:
    return (torch.tanh(u),)


def modrelu(state: State, u: torch.Tensor, p: dict) -> State:
    return (torch.sign(u) * torch.relu(u.abs() + p["b"]),)


def complex_modrelu(state: State, u: torch.Tensor, p: dict) -> State:
    z = torch.complex(*u.chunk(2, dim=1))
    magnitude = torch.sqrt(z.real**2 + z.imag**2 + 1e-5)
    h = z * torch.relu(magnitude + p["b"]) / magnitude
    return h.real, h.imag


def cornn(state: State, u: torch.Tensor, p: dict) -> State:
    y, z = state
    step = DT / p["tau"]
    z = z + step * (torch.tanh(u) - p["gamma"] * y - p["epsilon"] * z)
    return y + step * z, z


def lem(state: State, u: torch.Tensor, p: dict) -> State:
    y, z = state
    pace_z, pace_y, to_z, to_y = u.chunk(4, dim=1)
    fast, slow = DT / p["tau"] * torch.sigmoid(pace_z), DT / p["tau"] * torch.sigmoid(pace_y)
    return (1 - slow) * y + slow * torch.tanh(to_y), (1 - fast) * z + fast * torch.tanh(to_z)


def lru(state: State, u: torch.Tensor, p: dict) -> State:
    eigenvalue = torch.exp(torch.complex(-torch.exp(p["nu"]), p["theta"]))
    h = eigenvalue * torch.complex(*state) + torch.sqrt(1 - eigenvalue.abs() ** 2) * torch.complex(*u.chunk(2, dim=1))
    return h.real, h.imag


@pytest.mark.parametrize("step", [tanh, modrelu, complex_modrelu, cornn, lem, lru], ids=lambda step: step.__name__)
@pytest.mark.parametrize("engine", ["reference", "numba"])
def test_a_cell_is_its_papers_and_its_gradient_autograds(step: Callable, engine: str):
    net, data = network(ORDINARY, step.__name__, gain=0.8), trials(ORDINARY)
    emitted, states = len(net.formula.emitted), len(net.formula.states)
    names = ("recurrent", "input", "bias", "readout")
    weights = {name: torch.tensor(np.array(getattr(net, name)), requires_grad=True) for name in names}
    weights |= {name: torch.tensor(net.per_unit(name), requires_grad=True) for name in net.parameters}
    state = tuple(torch.tensor(np.array(net.initial)).repeat(ORDINARY.trials, 1).chunk(states, dim=1))
    outputs = []
    for x in torch.from_numpy(data.inputs):
        heard = torch.cat(state[:emitted], dim=1) * (step is not lru)
        state = step(state, heard @ weights["recurrent"].T + x @ weights["input"].T + weights["bias"], weights)
        outputs.append(torch.cat(state[:emitted], dim=1) @ weights["readout"].T)
    found, targets, mask = torch.stack(outputs), torch.from_numpy(data.targets), torch.from_numpy(data.mask)
    ((mask * 0.5 * ((targets - found) ** 2).sum(dim=2)).sum(dim=0) / mask.sum(dim=0)).mean().backward()

    tolerance = 1e-10 if engine == "reference" else 2e-5
    assert difference(nr.simulate(net, data, engine=engine).outputs, found.detach().numpy()) < tolerance
    change = nr.weight_change(net, data, rule="bptt", engine=engine)
    assert set(change) == set(weights)
    largest = max(np.abs(each).max() for each in change.values())
    for name, weight in weights.items():
        assert np.abs(change[name] + weight.grad.numpy()).max() < tolerance * largest, name


def one_step(cell: str, drive: list[float], b: float) -> tuple[np.ndarray, np.ndarray]:
    """What units with these drives answer, and how the loss -sum(outputs)^2 ... : outputs, and their slope by the drive."""
    units = len(drive)
    net = nr.Network(
        recurrent=np.zeros((units, units)), input=np.zeros((units, 0)), readout=np.eye(units), bias=drive,
        cell=cell, initial=0.0, parameters={"b": b}, plastic=("bias",),
    )  # fmt: skip
    outputs = nr.simulate(net, nr.Trials(np.zeros((1, 1, 0)), np.zeros((1, 1, units))), engine="reference").outputs
    # The error is 1 everywhere, so that the change of the bias is the slope.
    change = nr.weight_change(net, nr.Trials(np.zeros((1, 1, 0)), outputs + 1), rule="bptt", engine="reference")
    return outputs[0, 0], change["bias"]


def test_a_modrelu_keeps_the_sign_and_is_silent_below_its_threshold():
    outputs, slopes = one_step("modrelu", [-2.0, -0.1, 0.0, 0.1, 2.0], b=-0.5)
    assert np.allclose(outputs, [-1.5, 0, 0, 0, 1.5])
    assert np.allclose(slopes, [1, 0, 0, 0, 1])


def test_a_modrelu_without_bias_is_the_identity_at_zero_too():
    outputs, slopes = one_step("modrelu", [-2.0, 0.0, 1e-300], b=0.0)
    assert np.array_equal(outputs, [-2.0, 0.0, 1e-300])
    assert np.array_equal(slopes, [1, 1, 1])


def test_a_modrelu_with_a_positive_bias_jumps_at_zero():
    outputs, slopes = one_step("modrelu", [-1e-9, 0.0, 1e-9], b=0.5)
    assert np.allclose(outputs, [-0.5, 0, 0.5])
    assert np.array_equal(slopes, [1, 1, 1])


@pytest.mark.parametrize("b", [-0.01, 0.0, 0.3])
def test_a_complex_modrelu_turns_with_its_input_and_has_a_bounded_slope(b):
    """h(u e^ia) = h(u) e^ia; near zero, where u / abs(u) has no limit, the derivative stays below 1 + b / sqrt(1e-5)."""
    rng = np.random.default_rng(0)
    u = rng.normal(size=20) * np.logspace(-9, 1, 20) * np.exp(1j * rng.uniform(0, 2 * np.pi, 20))

    def answer(z: np.ndarray) -> np.ndarray:
        net = nr.Network(
            recurrent=np.zeros((40, 40)), input=np.zeros((40, 0)), readout=np.eye(40), bias=[*z.real, *z.imag],
            cell="complex_modrelu", initial=0.0, parameters={"b": b},
        )  # fmt: skip
        outputs = nr.simulate(net, nr.Trials(np.zeros((1, 1, 0)), np.zeros((1, 1, 40))), engine="reference").outputs[0, 0]
        return outputs[:20] + 1j * outputs[20:]

    assert np.allclose(answer(u * np.exp(0.7j)), answer(u) * np.exp(0.7j), rtol=1e-12, atol=0)
    slope = np.abs(answer(u + 1e-6) - answer(u)) / 1e-6
    assert (slope < 1.001 * (1 + max(b, 0) / np.sqrt(1e-5))).all()
