"""Hard resets, exponential synapses, and units named after others: each against its equations written out, and its gradient against autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.torch import TorchEngine
from neurorec.errors import ValueRefused
from neurorec.formula.unit import constants_of, for_numpy

DT = 0.001
SPIKING = ["lif", "adaptive_lif", "lif_hard_reset", "adaptive_lif_hard_reset"]
HARD = SPIKING[2:]


def driven(net: nr.Network, steps: int = 60, trials: int = 2, seed: int = 0) -> nr.Trials:
    rng = np.random.default_rng(seed)
    return nr.Trials(rng.normal(size=(steps, trials, net.inputs)), rng.normal(size=(steps, trials, net.outputs)), dt=net.dt)


def apart(found: Any, expected: Any) -> float:
    """Largest difference, relative to the largest entry."""
    return float(np.abs(np.asarray(found) - np.asarray(expected)).max() / max(float(np.abs(np.asarray(expected)).max()), 1e-300))


# Hard resets, step by step ------------------------------------------------------------------------------------------------


def one(cell: str, weight: float, **parameters: float) -> nr.Network:
    return nr.Network([[0.0]], [[weight]], [[1.0]], cell=cell, dt=DT, parameters=parameters)


@pytest.mark.parametrize("cell", HARD)
@pytest.mark.parametrize(("steps", "expected"), [(0, [0, 1, 2, 3, 4, 5, 6]), (1, [0, 1, 2, 3, 4, 5, 6]), (3, [0, 3, 6])])
def test_spikes_are_as_far_apart_as_the_refractory_time_in_which_the_potential_is_held(cell, steps, expected):
    shown = nr.simulate(one(cell, 100.0, refractory=steps * DT, v_reset=-2.0), np.ones((7, 1)), engine="reference").states
    z, v = shown["z"][:, 0, 0], shown["v"][:, 0, 0]
    assert np.flatnonzero(z).tolist() == expected
    assert (v[z == 0] == -2.0).all()


def test_a_spike_erases_what_came_before_it():
    inputs = np.array([[1.9], [0.3], [0.0]])
    v = nr.simulate(one("lif_hard_reset", 1.0, v_reset=0.2), inputs, engine="reference").states["v"][:, 0, 0]
    a = np.exp(-DT / 0.02)
    assert v == pytest.approx([1.9, a * 0.2 + 0.3, a * (a * 0.2 + 0.3)], rel=1e-15)


@pytest.mark.parametrize("cell", HARD)
@given(seed=st.integers(0, 1000), refractory=st.integers(0, 3), reset=st.floats(-1, 0.5), decay=st.sampled_from([0.0, 1.0]))
@settings(max_examples=8)
def test_a_network_of_them_is_its_equations(cell, seed, refractory, reset, decay):
    net = nr.Network.random(2, 5, 1, cell=cell, dt=DT, seed=seed, gain=2.0, parameters={
        "refractory": refractory * DT, "v_reset": reset, "decay_input": decay, "threshold": 0.7 if decay == 0 else 0.05})  # fmt: skip
    data, a = driven(net, seed=seed), np.exp(-DT / 0.02)
    beta, rho = (0.03, np.exp(-DT / 2)) if "adaptive" in cell else (0.0, 0.0)
    z, v, b, last = np.zeros((2, 5)), np.zeros((2, 5)), np.zeros((2, 5)), np.full((2, 5), -100)
    zs, vs = [], []
    for t, x in enumerate(data.inputs):
        free = t - last >= refractory
        v = np.where(z > 0, reset, v)
        v = np.where(free, a * v + (1 - decay * a) * (x @ net.input.T + z @ net.recurrent.T), reset)
        b = rho * b + z
        z = (free & (v >= net.per_unit("threshold") + beta * b)) * 1.0
        last = np.where(z > 0, t, last)
        zs.append(z)
        vs.append(v)
    found = nr.simulate(net, data, engine="reference").states
    assert np.array_equal(found["z"], zs)
    assert apart(found["v"], vs) < 1e-12


# Slopes -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", SPIKING)
@pytest.mark.parametrize("filter", [None, "exponential_synapse"])
def test_where_a_step_is_smooth_its_slopes_are_finite_differences(cell, filter):
    """All states but the spike are smooth in potentials, adaptation, currents and drive; the spike's row is psi times its distance's."""
    net = nr.Network.random(1, 40, 1, cell=cell, dt=DT, filter=filter, parameters={"refractory": 0.002, "decay_input": 1.0})
    formula, unit = net.formula, for_numpy(net.formula)
    rng, constants = np.random.default_rng(0), constants_of(formula, np.array([net.per_unit(name) for name in formula.parameters]), DT)
    k, ports = len(formula.states), len(formula.ports)
    states, drives = rng.normal(size=(k, 1, 40)), rng.normal(size=(ports, 1, 40))
    states[0], states[formula.states.index("r")] = rng.integers(2, size=(1, 40)), rng.integers(3, size=(1, 40))
    decay, slope, partial = np.empty((k * k, 1, 40)), np.empty((k * ports, 1, 40)), np.empty((0, 1, 40))
    unit.jacobian(states, drives, constants, decay, slope, partial)
    smooth = [j for j, name in enumerate(formula.states) if name not in ("z", "r")]

    def moved(array: np.ndarray, row: int) -> np.ndarray:
        found = []
        for sign in (1, -1):
            new, other = np.empty_like(states), array.copy()
            other[row] += sign * 1e-6
            unit.step(*((other, drives) if array is states else (states, other)), constants, new)
            found.append(new)
        return (found[0] - found[1]) / 2e-6

    for j in smooth:
        for i in smooth:
            assert np.abs(decay[j * k + i] - moved(states, i)[j]).max() < 1e-9
        for p in range(ports):
            assert np.abs(slope[j * ports + p] - moved(drives, p)[j]).max() < 1e-9
    new = np.empty_like(states)
    unit.step(states, drives, constants, new)
    b = new[formula.states.index("b")] if "b" in formula.states else 0.0
    v, beta = formula.states.index("v"), 0.03 if "b" in formula.states else 0.0
    psi = 0.3 * np.maximum(0, 1 - np.abs(new[v] - 1 - beta * b)) * (states[formula.states.index("r")] < 1.5)
    assert np.abs(slope[:ports] - psi * slope[v * ports : (v + 1) * ports]).max() < 1e-15
    from_spike = decay[v * k] if "b" not in formula.states else decay[v * k] - beta * decay[formula.states.index("b") * k]
    assert np.abs(decay[0] - psi * from_spike).max() < 1e-15
    assert not decay[v * k].any(), "the reset stops the gradient"


@pytest.mark.parametrize(("name", "shape"), [
    ("piecewise_linear", lambda y: max(0, 1 - y)), ("exponential", lambda y: mp.exp(-y)), ("fast_sigmoid", lambda y: 1 / (1 + y) ** 2),
    ("arctan", lambda y: 1 / (1 + y * y)),
])  # fmt: skip
def test_slopes_are_those_of_forty_digits(name, shape):
    """The unit of NEST's test of surrogates, of which the slopes are published to fourteen decimals (tasks/eprop_verification.py)."""
    parameters = {"tau_m": 0.01, "threshold": 0.6, "refractory": 0.003, "gamma": 0.5 * 0.6, "width": 1 / 1.7 / 0.6, "decay_reset": 1.0}
    net = nr.Network([[0.0]], [[0.3]], [[1.0]], cell="lif", surrogate=name, dt=DT, parameters=parameters)
    inputs = np.isin(np.arange(1, 20), (3, 4, 5, 7, 11, 13))[:, None, None] * 1.0
    outputs, found, trace, v, z, r = nr.simulate(net, inputs, engine="reference").outputs, [], 0.0, mp.mpf(0), 0, 0
    for t, x in enumerate(inputs[:, 0, 0]):
        with mp.workdps(40):
            v, r = mp.exp(mp.mpf(-1) / 10) * (v - z * mp.mpf("0.6")) + (mp.mpf("0.3") if x else 0), max(r - 1, 0)
            distance = v - mp.mpf("0.6")
            expected = float(0 if r else shape(abs(distance) * mp.mpf("1.7")) / 2)
        z = int(distance >= 0 and r == 0)
        r, trace = 3 if z else r, np.exp(-0.1) * trace + x
        if t >= 14:
            data = nr.Trials(inputs, outputs + 1, (np.arange(19) == t)[:, None] * 1.0, dt=DT)
            found.append(nr.weight_change(net, data, engine="reference")["input"][0, 0] / trace / expected)
    assert np.abs(np.array(found) - 1).max() < 4e-15


def autograd(net: nr.Network, data: nr.Trials, back: np.ndarray, hard: bool) -> dict[str, np.ndarray]:
    """Minus the derivative of the loss by the weights, where spikes go to other units and into resets without a way back: equations written out."""
    p = {name: torch.tensor(net.per_unit(name)) for name in net.parameters}
    w = {name: torch.tensor(np.array(getattr(net, name)), requires_grad=True) for name in ("recurrent", "input", "readout")}
    a, rho, keep = torch.exp(-DT / p["tau_m"]), torch.exp(-DT / p["tau_a"]), torch.exp(-DT / p["tau_syn"])
    v = b = z = i = left = torch.zeros(data.count, net.units, dtype=torch.float64)
    loss, way_back = torch.zeros(()), torch.tensor(np.array(back))
    for x, target in zip(torch.tensor(data.inputs), torch.tensor(data.targets), strict=True):
        free = (left < 1.5) * 1.0
        i = keep * i + x @ w["input"].T + z.detach() @ w["recurrent"].T
        if hard:
            v = free * (a * (v * (1 - z.detach()) + p["v_reset"] * z.detach()) + i) + (1 - free) * p["v_reset"]
        else:
            v = a * v + i - p["threshold"] * z.detach()
        b = rho * b + z
        distance = v - p["threshold"] - p["beta"] * b
        psi = p["gamma"] / p["threshold"] * (1 - (distance / p["threshold"]).abs()).clamp(min=0).detach()
        z = free * ((distance >= 0) * 1.0 + psi * (distance - distance.detach()))
        left = torch.where(z.detach() > 0, p["refractory"] / DT, (left - 1).clamp(min=0))
        y = z.detach() @ w["readout"].T + z @ way_back - (z @ way_back).detach()
        loss = loss + 0.5 * ((y - target) ** 2).sum() / (data.steps * data.count)
    loss.backward()
    return {name: -each.grad.numpy() for name, each in w.items()}


@pytest.mark.parametrize(
    ("cell", "engine"),  # compiled engines have every cell in tests/contract
    [
        ("adaptive_lif", "reference"),
        *(("adaptive_lif_hard_reset", engine) for engine in ("reference", TorchEngine(dtype="float64"), "brian2")),
    ],
    ids=["soft, reference", "hard, reference", "hard, torch", "hard, brian2"],
)
def test_rflo_is_eprop_also_through_hard_resets_and_synapses(cell, engine):
    hard = "hard" in cell
    beta = 0.07 * (np.arange(6) >= 3)  # as many do not adapt
    parameters = {"tau_a": 0.1, "beta": beta, "refractory": 0.002, "tau_syn": 0.004} | ({"v_reset": -0.1} if hard else {})
    net = nr.Network.random(3, 6, 2, cell=cell, dt=DT, filter="exponential_synapse", parameters=parameters, seed=3)
    data = driven(net, steps=40)
    assert 0.02 < nr.simulate(net, data, "reference").states["z"].mean() < 0.5
    found, expected = nr.weight_change(net, data, "rflo", engine), autograd(net, data, net.feedback, hard)
    assert all(apart(found[name], each) < 1e-12 for name, each in expected.items())
    spikes = nr.simulate(net, data, engine).states["z"]
    assert np.array_equal(spikes, nr.simulate(net, data, "reference").states["z"])


# Named after others -------------------------------------------------------------------------------------------------------


class Heard(torch.autograd.Function):
    """A spike with a surrogate slope in its place: what peers of torch do."""

    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(slope(x.detach()))
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0], None


def weights(net: nr.Network) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(np.array(getattr(net, name)), requires_grad=True) for name in ("recurrent", "input", "readout", "bias")}


def snntorch(net: nr.Network, w: dict, data: nr.Trials) -> tuple[torch.Tensor, torch.Tensor]:
    """snntorch/_neurons/rleaky.py, leaky.py and surrogate.py: beta 0.9, threshold 1, atan with alpha 2, reset by subtraction."""
    spike = lambda x: Heard.apply(x, lambda y: 1 / (1 + (np.pi * y) ** 2))  # noqa: E731
    mem = spk = torch.zeros(data.count, net.units, dtype=torch.float64)
    spikes, potentials = [], []
    for x in torch.tensor(data.inputs):
        reset = spike(mem - 1.0).detach()
        mem = 0.9 * mem + x @ w["input"].T + w["bias"] + spk @ w["recurrent"].T - reset * 1.0
        spk = spike(mem - 1.0)
        spikes.append(spk)
        potentials.append(mem)
    return torch.stack(spikes), torch.stack(potentials)


def norse(net: nr.Network, w: dict, data: nr.Trials) -> tuple[torch.Tensor, torch.Tensor]:
    """norse/torch/functional/lif.py, lif_step of 1.1.0: tau_mem 10 ms, tau_syn 5 ms, superspike with alpha 100; v before its reset."""
    spike = lambda x: Heard.apply(x, lambda y: 1 / (100.0 * y.abs() + 1) ** 2)  # noqa: E731
    v = i = z = torch.zeros(data.count, net.units, dtype=torch.float64)
    spikes, potentials = [], []
    for x in torch.tensor(data.inputs):
        i_jump = i + x @ w["input"].T + z @ w["recurrent"].T
        v_decayed = v + DT / 0.01 * ((0.0 - v) + i_jump)
        i = i_jump - DT / 0.005 * i_jump
        z = spike(v_decayed - 1.0)
        v = (1 - z.detach()) * v_decayed + z.detach() * 0.0
        spikes.append(z)
        potentials.append(v_decayed)
    return torch.stack(spikes), torch.stack(potentials)


@pytest.mark.parametrize(("name", "peer", "strength"), [("snntorch", snntorch, 2.0), ("norse", norse, 6.0)])
def test_a_preset_of_torchs_kin_steps_and_learns_as_they_do(name: str, peer: Callable, strength: float):
    net = nr.preset(name, inputs=3, units=12, outputs=2, seed=1)
    net = net.replace(input=strength * net.input)  # so that they spike often
    data, w = driven(net, steps=50, trials=3), weights(net)
    z, v = peer(net, w, data)
    found = nr.simulate(net, data, "reference")
    assert np.array_equal(found.states["z"], z.detach().numpy())
    assert 0.03 < found.states["z"].mean() < 0.5
    assert apart(found.states["v"], v.detach().numpy()) < 1e-12
    loss = 0.5 * ((z @ w["readout"].T - torch.tensor(data.targets)) ** 2).sum() / (data.steps * data.count)
    loss.backward()
    changes = nr.weight_change(net, data, "bptt", "reference")
    for what in net.plastic:
        assert apart(changes[what], -w[what].grad.numpy()) < 1e-10, what


def test_eprops_preset_is_its_equations():
    """As `spiking` units of the paper's code: half of the units adapt, the reset is a step late and undecayed, r counts down."""
    net = nr.preset("eprop", inputs=5, units=10, outputs=2, seed=2)
    net = net.replace(input=2 * net.input)
    data, a, rho, kappa = driven(net, steps=80), np.exp(-1 / 20), np.exp(-1 / 2000), np.exp(-1 / 20)
    beta = np.where(np.arange(10) >= 5, 1.7 * (1 - rho) / (1 - a), 0.0)
    v, b, z, r, y = (np.zeros((2, n)) for n in (10, 10, 10, 10, 2))
    zs, ys = [], []
    for x in data.inputs:
        r = np.maximum(r - 1, 0)
        v = a * v + x @ net.input.T + z @ net.recurrent.T - 0.6 * z
        b = rho * b + z
        z = ((v >= 0.6 + beta * b) & (r == 0)) * 1.0
        r = np.where(z > 0, 5, r)
        y = kappa * y + (1 - kappa) * z @ net.readout.T
        zs.append(z)
        ys.append(y)
    found = nr.simulate(net, data, "reference")
    assert np.array_equal(found.states["z"], zs)
    assert np.sum(zs) > 20
    assert apart(found.outputs, ys) < 1e-12
    assert not np.diag(net.recurrent).any()


def test_nests_preset_is_its_update():
    """iaf_psc_delta.cpp: P33 = exp(-h/tau_m); arrivals move V; while r > 0 V stands still and r counts down; a spike sets V and r."""
    net = nr.preset("nest", inputs=3, units=8, outputs=1, seed=4)
    data, v, r, z, zs = driven(net, steps=80), np.zeros((2, 8)), np.zeros((2, 8)), np.zeros((2, 8)), []
    for x in data.inputs:
        refractory = r > 0
        v = np.where(refractory, v, np.exp(-0.1) * v + x @ net.input.T + z @ net.recurrent.T)
        r = np.where(refractory, r - 1, r)
        z = (v >= 15.0) * 1.0
        v, r = np.where(z > 0, 0.0, v), np.where(z > 0, 2, r)
        zs.append(z)
    assert np.array_equal(nr.simulate(net, data, "reference").states["z"], zs)
    assert 0.02 < np.mean(zs) < 0.4


def test_brian2s_preset_is_what_brian2_runs():
    """Not our engine: Brian2's own refractoriness, threshold, reset and exact integration; units without recurrence, since there I is the user's."""
    import brian2 as b2

    from neurorec.engines.brian2.objects import quietly

    net = nr.preset("brian2", inputs=3, units=8, outputs=1, seed=4)
    net = net.replace(recurrent=0 * net.recurrent)
    data = driven(net, steps=80, trials=1)
    with quietly():
        held = b2.TimedArray(data.inputs[:, 0] @ net.input.T, dt=DT * b2.second)  # noqa: F841 - Brian2 finds it by its name
        clock = b2.Clock(dt=DT * b2.second)
        group = b2.NeuronGroup(
            8, "dv/dt = (held(t, i) - v) / (10*ms) : 1 (unless refractory)", threshold="v > 1", reset="v = 0", refractory=4 * b2.ms,
            method="exact", clock=clock, namespace={"held": held},
        )  # fmt: skip
        monitor = b2.SpikeMonitor(group)
        b2.Network(group, monitor).run(80 * DT * b2.second)
    z = np.zeros((80, 8))
    z[np.round(np.asarray(monitor.t) / DT).astype(int), np.asarray(monitor.i)] = 1
    assert np.array_equal(nr.simulate(net, data, "reference").states["z"][:, 0], z)
    assert z.sum() > 20


def test_a_preset_has_a_time_step_of_its_own():
    assert [nr.preset(name, 1, 2, 1).dt for name in ("norse", "lem")] == [0.001, 0.01]
    with pytest.raises(
        ValueRefused, match="Euler's rule needs time constants that are longer than a time step, got 0.005 s for dt = 0.01 s"
    ):
        nr.preset("norse", 1, 2, 1, dt=0.01, tau_mem=0.02)
