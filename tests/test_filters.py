"""Input filters: each is the paper's recurrence on the input, run before the cell."""

from __future__ import annotations

import numpy as np
import pytest
from cases import Sizes, difference
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.errors import NotOffered
from neurorec.networks.cell_with_filter import formula_of
from neurorec.networks.filters.base import AbstractFilter

sizes = st.builds(Sizes, st.integers(1, 6), st.integers(1, 3), st.just(2), st.integers(1, 30), st.integers(1, 3))


def momentum(x: np.ndarray, mu: float, s: float) -> np.ndarray:
    v = np.zeros_like(x)
    for t in range(len(x)):
        v[t] = (mu * v[t - 1] if t else 0) + s * x[t]
    return v


def rmsprop(x: np.ndarray, s: float, beta: float, floor: float) -> np.ndarray:
    return s * x / np.sqrt(momentum(x**2, beta, 1 - beta) + floor)


def adam(x: np.ndarray, mu: float, s: float, beta: float, floor: float) -> np.ndarray:
    return momentum(x, mu, s) / np.sqrt(momentum(x**2, beta, 1 - beta) + floor)


def restart(x: np.ndarray, s: float, period: float) -> np.ndarray:
    v, k = np.zeros_like(x), 1
    for t in range(len(x)):
        v[t] = ((k - 1) / (k + 2) * v[t - 1] if t else 0) + s * x[t]
        k = 1 if k % period == 0 else k + 1
    return v


def step_size(x: np.ndarray, s: float) -> np.ndarray:
    return s * x


def onset(x: np.ndarray, **each: float) -> np.ndarray:
    begin = np.concatenate([np.broadcast_to(each[f"onset_{drive}"], x.shape[-1] // 4) for drive in "ifgo"])
    return x + begin * (np.arange(len(x)) == 0)[:, None, None]


# These act on the recurrent part too, and have tests of their own.
ON_ALL = {"restart_released", "exponential_synapse"}
WRITTEN_OUT = {"momentum": momentum, "rmsprop": rmsprop, "adam": adam, "restart": restart, "step_size": step_size, "onset": onset}


def fed(size: Sizes, seed: int, **settings) -> tuple[nr.Network, nr.Trials]:
    rng = np.random.default_rng(seed)
    net = nr.Network.random(size.inputs, size.units, size.outputs, cell="lstm", seed=seed, initial=0.0, **settings)
    net = net.replace(bias=rng.normal(size=net.bias.shape))
    inputs = rng.normal(size=(size.steps, size.trials, size.inputs))
    return net, nr.Trials(inputs, rng.normal(size=(size.steps, size.trials, size.outputs)))


@pytest.mark.parametrize("filter", sorted(WRITTEN_OUT))
@given(size=sizes, seed=st.integers(0, 1000), period=st.integers(1, 5))
def test_a_filtered_lstm_is_an_lstm_on_the_filtered_input(filter, size, seed, period):
    """The filter acts on input weights x input + bias: an LSTM whose input is that, through unit weights, does the same."""
    per_drive = {f"onset_{drive}": np.random.default_rng(k).normal(size=size.units) for k, drive in enumerate("ifgo")}
    settings = {"parameters": {"restart": {"period": period}, "onset": per_drive}.get(filter)}
    net, data = fed(size, seed, filter=filter, **settings)
    reach = data.inputs @ net.input.T + net.bias
    filtered = WRITTEN_OUT[filter](reach, **{name: value for name, value in net.parameters.items() if name != "forget_bias"})
    plain = net.replace(filter=None, parameters=None, input=np.eye(4 * size.units), bias=None, initial=0.0)
    ours = nr.simulate(net, data, engine="reference")
    theirs = nr.simulate(plain, nr.Trials(filtered, data.targets), engine="reference")
    assert np.abs(ours.states["h"] - theirs.states["h"]).max() < 1e-12


def test_every_filter_is_written_out_here():
    assert {*WRITTEN_OUT, *ON_ALL} == set(nr.names("filters"))


@given(size=sizes, seed=st.integers(0, 1000), period=st.integers(1, 5))
def test_the_released_restart_is_nesterov_on_the_whole_drive(size, seed, period):
    net, data = fed(size, seed)
    net = net.replace(cell="tanh", recurrent=net.recurrent[: size.units], input=net.input[: size.units], bias=net.bias[: size.units],
                      initial=None, filter="restart_released", parameters={"s": 0.7, "period": period})  # fmt: skip
    h, before, k, states = np.zeros((size.trials, size.units)), 0.0, 1, []
    for x in data.inputs:
        y = h @ net.recurrent.T - 0.7 * (x @ net.input.T + net.bias)
        h = np.tanh(y + (k - 1) / (k + 2) * (y - before))
        before, k = y, 1 if k % period == 0 else k + 1
        states.append(h)
    assert difference(nr.simulate(net, data, engine="reference").states["h"], np.array(states)) < 1e-12


@given(size=sizes, seed=st.integers(0, 1000), tau=st.floats(0.002, 0.1))
def test_a_synapse_keeps_what_comes_from_units_and_from_outside(size, seed, tau):
    net = nr.Network.random(
        size.inputs, size.units, 1, cell="leaky_tanh", dt=0.001, filter="exponential_synapse", parameters={"tau_syn": tau}, seed=seed
    )
    data = np.random.default_rng(seed).normal(size=(size.steps, size.trials, size.inputs))
    h, current, states = np.tile(net.initial[: size.units], (size.trials, 1)), 0.0, []
    for x in data:
        current = np.exp(-0.001 / tau) * current + h @ net.recurrent.T + x @ net.input.T + net.bias
        h = 0.99 * h + 0.01 * np.tanh(current)
        states.append(h)
    assert difference(nr.simulate(net, data, engine="reference").states["h"], np.array(states)) < 1e-12


def test_without_momentum_adam_is_rmsprop_and_momentum_a_step_size():
    size = Sizes(4, 2, 2, 10, 2)
    for one, other, off in (("adam", "rmsprop", {"mu": 0.0, "beta": 0.9}), ("momentum", "step_size", {"mu": 0.0})):
        (net, data), (same, _) = fed(size, 0, filter=one, parameters=off), fed(size, 0, filter=other)
        assert difference(nr.simulate(net, data, engine="reference").outputs, nr.simulate(same, data, engine="reference").outputs) < 1e-12


@pytest.mark.parametrize("filter", nr.names("filters"))
def test_a_filter_starts_at_rest_and_is_silent_without_input(filter):
    """Whatever a unit's own start: states of filters begin at zero, and zero stays zero."""
    net = nr.Network.random(1, 3, 1, cell="leaky_tanh", filter=filter, gain=0.0, initial=0.5, dt=0.001)
    assert np.array_equal(net.initial[3:], np.zeros(3 * len(load("filters", filter).states)))
    outputs = nr.simulate(net, nr.Trials(np.zeros((20, 1, 1)), np.zeros((20, 1, 1)), dt=0.001), engine="reference").states["h"]
    assert np.allclose(outputs[:, 0], 0.5 * 0.99 ** np.arange(1, 21)[:, None], atol=1e-6)


def test_a_name_that_cell_and_filter_both_use_is_refused():
    class Clash(AbstractFilter):
        states = ()
        parameters = {"tau": 0.1}

        @staticmethod
        def step(external, tau):
            return (external * tau,)

    with pytest.raises(NotOffered, match="'tau' is a parameter of LeakyTanh and of Clash"):
        formula_of(load("cells", "leaky_tanh"), Clash, ())


@given(units=st.integers(1, 6), steps=st.integers(1, 10), trials=st.integers(1, 3), seed=st.integers(0, 1000))
def test_an_onset_is_an_initial_state_of_units_that_see_theirs_through_their_weights(units, steps, trials, seed):
    """scuRNN's: the drive W h(0) at the first step, at rest before it; and its change is W times that of h(0), of which it is the image."""
    rng = np.random.default_rng(seed)
    net, data = (
        nr.preset("scurnn", 2, units, 1, seed=seed),
        nr.Trials(rng.normal(size=(steps, trials, 2)), rng.normal(size=(steps, trials, 1))),
    )
    begin = np.concatenate([net.per_unit("onset_u_re"), net.per_unit("onset_u_im")])
    plain = net.replace(
        filter=None, parameters={"b": net.parameters["b"]}, plastic=("recurrent", "readout"), initial=np.linalg.solve(net.recurrent, begin)
    )
    ours, theirs = (nr.simulate(each, data, engine="reference") for each in (net, plain))
    assert np.abs(ours.outputs - theirs.outputs).max() < 1e-12
    change = nr.weight_change(net, data, rule="bptt", engine="reference")
    slope = -(loss_from(plain, data, 1e-6) - loss_from(plain, data, -1e-6)) / 2e-6
    assert np.abs(np.linalg.solve(net.recurrent, np.concatenate([change["onset_u_re"], change["onset_u_im"]])) - slope).max() < 1e-6


def loss_from(net: nr.Network, data: nr.Trials, width: float) -> np.ndarray:
    """The loss with one number of the initial state after another moved, (k N,)."""
    moved = (net.replace(initial=net.initial + width * row) for row in np.eye(len(net.initial)))
    return np.array([nr.simulate(each, data, engine="reference").loss.mean() for each in moved])
