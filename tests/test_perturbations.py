"""Pulses, lesions and phase responses: what must hold to the last bit, and what theory says of an oscillator."""

from __future__ import annotations

import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import NotOffered, ShapeError, ValueRefused

CELLS = ["leaky_tanh", "gru", "lstm"]


@pytest.mark.parametrize("engine", ["reference", "numba"])
def test_no_pulse_changes_nothing_to_the_last_bit(engine):
    task = nr.task("n_bit_flip_flop", duration=0.3)
    net = nr.Network.random(3, 7, 3, noise=0.1, seed=1)
    found = nr.dynamics.pulse(net, task, [0.0, 1.0], [0.1], 0.05, units=[2], engine=engine)
    assert not found["response"].sel(amplitude=0).any() and not found["output_response"].sel(amplitude=0).any()
    alone = nr.simulate(net, task.trials(10), engine=engine)
    assert np.array_equal(found["control"], alone.states["h"])
    moved = np.abs(found["response"].sel(amplitude=1, onset=0.1).values).max(axis=(1, 2)) > 0
    assert not moved[:10].any() and moved[10:].all()


@pytest.mark.parametrize("cell", CELLS)
def test_a_pulse_is_a_current_into_the_drive(cell):
    """The same as a network with that input in its bias, while it lasts."""
    net, drive = nr.Network.random(1, 5, 1, cell=cell, seed=0), 0
    direction, inputs = np.arange(5.0), np.random.default_rng(0).normal(size=(6, 2, 1))
    found = nr.dynamics.pulse(net, inputs, 0.3, 0.0, 6 * net.dt, direction=direction, drive=drive)
    bias = net.bias.reshape(-1, 5).copy()
    bias[drive] += 0.3 * direction
    pushed = nr.simulate(net.replace(bias=bias.ravel()), inputs, engine="reference")
    assert np.allclose(found["output_response"][0, 0] + found["control_output"], pushed.outputs, atol=1e-13)
    assert found.sizes["unit"] == net.initial.size
    assert np.allclose(found["distance"] ** 2, (found["response"] ** 2).sum("unit"))


def test_a_small_pulse_grows_as_the_jacobians_say():
    net = nr.Network.random(0, 6, 1, gain=1.5, initial=0.2, seed=0)
    found = nr.dynamics.pulse(net, np.zeros((30, 1, 0)), 1e-5, 0.0, net.dt, units=[0])
    states = np.concatenate([net.initial[None], found["control"].values[:, 0]])
    tangent = found["response"].values[0, 0, 0, 0]
    for state in states[1:-1]:
        tangent = nr.dynamics.jacobian(net, state, []).values @ tangent
    assert np.allclose(found["response"][0, 0, -1, 0], tangent, rtol=1e-3, atol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_a_silenced_unit_is_a_network_without_it(cell):
    net = nr.Network.random(2, 5, 2, cell=cell, seed=3)
    inputs, gone = np.random.default_rng(0).normal(size=(12, 3, 2)), 2
    found = nr.dynamics.lesion(net, inputs, [gone])
    keep = np.delete(np.arange(5), gone)
    rows = np.concatenate([keep + 5 * d for d in range(net.formula.n_drives)])
    states = np.concatenate([keep + 5 * k for k in range(len(net.formula.states))])
    smaller = nr.Network(
        recurrent=net.recurrent[np.ix_(rows, keep)], input=net.input[rows], readout=net.readout[:, keep], bias=net.bias[rows],
        initial=net.initial[states], cell=cell, dt=net.dt,
    )  # fmt: skip
    without = nr.simulate(smaller, inputs, engine="reference").outputs
    assert np.abs(found["output"][0] - without).max() < 1e-12
    assert found["change"].min() > 0


def test_lesions_of_every_unit_of_groups_and_of_synapses():
    task = nr.task("n_bit_flip_flop", duration=0.3)
    net = nr.Network.random(3, 4, 3, seed=0)
    each = nr.dynamics.lesion(net, task)
    assert each["lesion"].values.tolist() == ["0", "1", "2", "3"]
    assert each["score"].dims == ("lesion", "trial")
    everything = {"recurrent": np.ones((4, 4)), "input": np.ones((4, 3)), "readout": np.ones((3, 4))}
    some = nr.dynamics.lesion(net, task.trials(2), [[0, 1, 2, 3], everything, {"recurrent": np.zeros((4, 4))}])
    assert not some["output"][:2].any()
    assert not some["change"][2].any() and np.array_equal(some["loss"][2], some["control_loss"])
    orthogonal = nr.Network.random(3, 4, 3, cell="tanh", parametrisation="cayley", seed=0)
    assert nr.dynamics.lesion(orthogonal, task.trials(1), [0])["change"].min() > 0
    assert orthogonal.parametrisation == "cayley"


def oscillator(dt=0.002):
    """x' = -x + W tanh(x) by Euler steps, here as h with x = W h: a limit cycle of period 6.8376 time constants."""
    spin = np.array([[2.0, -2.0], [2.0, 2.0]])
    return nr.Network(recurrent=spin, input=np.zeros((2, 0)), readout=np.eye(1, 2), initial=[0.5, 0.1], parameters={"tau": 0.1}, dt=dt)


def test_a_push_along_the_flow_advances_by_the_time_it_saves():
    """The phase's gradient Z obeys Z . dx/dt = 1 at every phase (Winfree); Z by small pulses into each unit."""
    net, size = oscillator(), 1e-4
    curves = [nr.dynamics.phase_response(net, size, 12, units=[k], settle=4.0) for k in (0, 1)]
    period = float(curves[0]["period"])
    assert abs(period / 0.1 - 6.837633548) < 0.07  # of the flow; steps of a fiftieth of tau shift it by less than a percent
    h = curves[0]["state"].values
    slope = 1 - np.tanh(h @ net.recurrent.T) ** 2  # a pulse of one step moves h by alpha slope size
    moved = net.dt / 0.1 * slope * size
    gradient = np.stack([curve["shift"].values for curve in curves], axis=1) * period / moved
    flow = (np.tanh(h @ net.recurrent.T) - h) / 0.1
    assert np.allclose((gradient * flow).sum(axis=1), 1, atol=0.03)
    assert not nr.dynamics.phase_response(net, 0.0, 4, units=[0], settle=4.0)["shift"].any()


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda net: nr.dynamics.pulse(net, "n_bit_flip_flop", units=[0], direction=np.ones(4)), ValueRefused, "not both"),
        (lambda net: nr.dynamics.pulse(net, "n_bit_flip_flop", units=[4]), ShapeError, "0 to 3"),
        (lambda net: nr.dynamics.pulse(net, "n_bit_flip_flop", onset=9.0, units=[0]), ValueRefused, "end within trials of 3 s"),
        (lambda net: nr.dynamics.pulse(net, "n_bit_flip_flop", duration=0.001, units=[0]), ValueRefused, "must last a step"),
        (lambda net: nr.dynamics.pulse(net, "n_bit_flip_flop", units=[0], drive=1), ValueRefused, "has 1 drives"),
        (lambda net: nr.dynamics.pulse(nr.preset("sbo", 3, 4, 3), "n_bit_flip_flop", units=[0]), NotOffered, "expected nr.Network"),
        (lambda net: nr.dynamics.lesion(net, "n_bit_flip_flop", [{"feedback": 0}]), ValueRefused, "feedback"),
        (lambda net: nr.dynamics.lesion(net, "n_bit_flip_flop", [{"readout": np.full((3, 4), 0.5)}]), ValueRefused, "True and False"),
        (lambda net: nr.dynamics.lesion(net, "n_bit_flip_flop", [0.5]), ShapeError, "numbers of units"),
        (lambda net: nr.dynamics.phase_response(net.replace(noise=0.1), units=[0]), ValueRefused, "noisy"),
        (lambda net: nr.dynamics.phase_response(net, units=[0], settle=1.0), ValueRefused, "no steady rhythm"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(ask, error, says):
    with pytest.raises(error, match=says):
        ask(nr.Network.random(3, 4, 3, gain=0.5, seed=0))
