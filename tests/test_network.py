"""Networks: initialisers, checks, saving."""

from __future__ import annotations

import numpy as np
import pytest
from cases import ORDINARY, network, trials

import neurorec as nr
from neurorec.errors import RunFileError, ShapeError, UnknownName, ValueRefused
from neurorec.networks.cells.leaky_tanh import LeakyTanh


def test_weights_have_the_papers_distribution():
    net = nr.Network.random(inputs=3, units=400, outputs=2, gain=1.2, seed=1)
    assert net.recurrent.std() == pytest.approx(1.2 / 20, rel=0.02)
    assert np.abs(net.input).max() == pytest.approx(1, abs=0.01)
    assert np.abs(net.readout).max() == pytest.approx(1 / 20, rel=0.01)
    assert net.feedback.std() == pytest.approx(1, rel=0.05)


def test_spectral_radius_and_sparsity_are_as_asked():
    net = nr.Network.random(1, 200, 1, spectral_radius=0.9, sparsity=0.8)
    assert np.abs(np.linalg.eigvals(net.recurrent)).max() == pytest.approx(0.9)
    sparse = nr.Network.random(1, 400, 1, gain=1.0, sparsity=0.8)
    assert (sparse.recurrent == 0).mean() == pytest.approx(0.8, abs=0.01)
    assert (sparse.recurrent**2).sum(axis=1).mean() == pytest.approx(1.0, rel=0.05)  # a unit's input keeps its variance


def test_a_seed_fixes_the_weights():
    one, again, other = (nr.Network.random(2, 5, 1, seed=seed).recurrent for seed in (7, 7, 8))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("cell", nr.names("cells"))
def test_saving_keeps_everything(tmp_path, cell):
    net = network(ORDINARY, cell, filter="momentum", noise=0.1)
    net.save(tmp_path / "net.h5")
    back = nr.Network.load(tmp_path / "net.h5")
    for name in ("recurrent", "input", "readout", "feedback", "bias", "initial"):
        assert np.array_equal(getattr(net, name), getattr(back, name)), name
    assert (net.cell, net.filter, net.dt, net.noise, net.plastic) == (back.cell, back.filter, back.dt, back.noise, back.plastic)
    assert all(np.array_equal(net.per_unit(name), back.per_unit(name)) for name in net.parameters)


def test_saving_does_not_overwrite_unasked(tmp_path):
    net = network(ORDINARY)
    net.save(tmp_path / "net.h5")
    with pytest.raises(RunFileError, match="overwrite=True"):
        net.save(tmp_path / "net.h5")
    assert net.save(tmp_path / "net.h5", overwrite=True).exists()
    with pytest.raises(RunFileError, match="cannot write"):
        net.save(tmp_path / "missing" / "net.h5")


def test_a_network_is_a_value():
    net = network(ORDINARY)
    with pytest.raises(ValueError, match="read-only"):
        net.recurrent[0, 0] = 1
    zero = net.replace(recurrent=np.zeros_like(net.recurrent))
    assert zero.recurrent.max() == 0 != net.recurrent.max()
    with pytest.raises(ValueRefused, match="no field of Network named 'weights'"):
        net.replace(weights=1)


def test_defaults_are_zeros_the_cells_own_and_the_cells_defaults():
    net = nr.Network(
        recurrent=np.eye(3), input=np.ones((3, 2)), readout=np.ones((1, 3)), feedback=np.ones((3, 1)), cell="leaky_tanh", dt=0.01
    )
    assert np.array_equal(net.bias, np.zeros(3))
    assert np.array_equal(net.initial, np.full(3, LeakyTanh.initial))
    assert net.parameters == {"tau": 0.1}


def test_a_cell_of_ones_own_is_a_class():
    net = nr.Network.random(1, 4, 1, cell=LeakyTanh)
    assert net.cell == "leaky_tanh"


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"feedback": np.ones((3, 5))}, ShapeError, r"feedback must have shape \(5, 3\), got \(3, 5\); .*feedback.T"),
        ({"recurrent": np.ones((4, 5))}, ShapeError, r"recurrent must have shape \(5, 5\), got \(4, 5\)"),
        ({"recurrent": np.ones((5, 6))}, ShapeError, r"recurrent must have shape \(6, 6\), got \(5, 6\)"),
        ({"recurrent": np.ones((0, 0))}, ShapeError, "at least one unit"),
        ({"input": np.ones((2, 5))}, ShapeError, "input.T"),
        ({"readout": np.full((3, 5), np.nan)}, ValueRefused, r"readout holds nan at index \(0, 0\); expected finite"),
        ({"readout": np.ones((3, 5), complex)}, ValueRefused, "readout is complex; expected real"),
        ({"bias": "many"}, ValueRefused, "bias must hold numbers"),
        ({"initial": np.ones(3)}, ShapeError, r"initial must have shape \(5\), got \(3,\)"),
        ({"dt": 0.2}, ValueRefused, "tau = .* is shorter than the time step dt = 0.2 s"),
        ({"dt": -1}, ValueRefused, "dt must be a positive number of seconds, got -1"),
        ({"dt": "fast"}, ValueRefused, "dt must be a positive number"),
        ({"cell": "leaky_tan"}, UnknownName, "did you mean 'leaky_tanh'"),
        ({"parameters": {"taus": 1}}, ValueRefused, "no parameter of leaky_tanh named 'taus'; there are tau"),
        ({"parameters": {"tau": np.ones(3)}}, ShapeError, "one value a unit"),
        ({"plastic": ("weights",)}, ValueRefused, "no plastic weight named 'weights'"),
        ({"plastic": {"recurrent": np.ones((4, 4))}}, ValueRefused, "said to a training: nr.train"),
        ({"noise": -0.1}, ValueRefused, "noise must be a finite number from 0, got -0.1"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(change, error, text):
    with pytest.raises(error, match=text) as caught:
        network(ORDINARY).replace(**change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"units": 0}, {"outputs": 0}, {"inputs": -1}, {"units": 2.5}, {"sparsity": 1.0}, {"seed": "x"}])
def test_random_refuses_impossible_sizes(wrong):
    with pytest.raises(ValueRefused):
        nr.Network.random(**{"inputs": 1, "units": 5, "outputs": 1, **wrong})


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"mask": np.zeros((7, 2))}, ValueRefused, "count at least one step of every trial"),
        ({"mask": -np.ones((7, 2))}, ValueRefused, "zero or positive"),
        ({"mask": np.ones((2, 7))}, ShapeError, r"mask must have shape \(7, 2\)"),
        ({"inputs": np.full((7, 2, 2), np.inf)}, ValueRefused, "inputs holds inf"),
        ({"inputs": np.ones((7, 2, 2), complex)}, ValueRefused, "inputs is complex"),
        ({"inputs": np.ones((6, 2, 2))}, ShapeError, "inputs must have shape"),
        ({"targets": np.ones(7)}, ShapeError, r"\(time, trial, channel\)"),
        ({"conditions": {"delay": [1, 2, 3]}}, ShapeError, "one value a trial"),
        ({"loss": "msee"}, UnknownName, "did you mean 'mse'"),
        ({"dt": 0}, ValueRefused, "dt must be a positive"),
    ],
)
def test_trials_that_make_no_sense_are_refused(change, error, text):
    good = trials(ORDINARY)
    arguments = {"inputs": good.inputs, "targets": good.targets, "mask": good.mask, **change}
    with pytest.raises(error, match=text) as caught:
        nr.Trials(**arguments)
    assert "\n" not in str(caught.value)


def test_simulate_takes_initial_states_of_each_trial():
    net, data = network(ORDINARY), trials(ORDINARY)
    starts = np.random.default_rng(0).normal(size=(2, 5))
    both = nr.simulate(net, data, engine="reference", initial=starts)
    second = nr.simulate(net, data.take(np.array([1])), engine="reference", initial=starts[1])
    assert np.allclose(both.states["h"][:, 1], second.states["h"][:, 0])
    with pytest.raises(ShapeError, match="states stacked"):
        nr.simulate(net, data, initial=np.ones((3, 5)))


def test_trajectories_become_labelled_arrays():
    data = nr.simulate(network(ORDINARY), trials(ORDINARY)).to_xarray()
    assert data["h"].dims == ("time", "trial", "unit")
    assert data["time"].attrs["units"] == "s"
    assert float(data["time"][-1]) == pytest.approx(7 * 0.02)


def test_noise_has_the_strength_that_was_asked_for():
    # A leaky unit that only hears noise: tanh is linear at this size, and its stationary variance is known.
    noise, dt, tau = 0.01, 0.01, 0.1
    zeros = np.zeros((200, 200))
    net = nr.Network(recurrent=zeros, input=np.zeros((200, 0)), readout=np.zeros((1, 200)), initial=0.0, noise=noise, dt=dt)
    states = nr.simulate(net, nr.Trials(np.zeros((1000, 1, 0)), np.zeros((1000, 1, 1))), seed=1).states["h"][200:]
    assert states.std() == pytest.approx(noise / np.sqrt(2 * tau - dt), rel=0.02)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"parameters": {"tau": "x"}}, "tau must hold numbers, got x"),
        ({"parameters": {"tau": None}}, "tau must hold numbers"),
        ({"parameters": {"tau": np.nan}}, "tau holds nan; expected finite"),
        ({"noise": np.nan}, "noise must be a finite number from 0, got nan"),
        ({"noise": "loud"}, "noise must be a finite number from 0, got .loud"),
        ({"bias": [[1, 2], [3]]}, "different lengths"),
        ({"bias": ["1", "2", "3", "4", "5"]}, "bias must hold numbers"),
    ],
)
def test_what_is_no_number_is_said(change, text):
    with pytest.raises(ValueError, match=text):
        network(ORDINARY).replace(**change)


def test_a_readout_gain_scales_the_first_readout_and_nothing_else():
    net, small = (nr.Network.random(2, 5, 3, seed=4, readout_gain=gain) for gain in (1.0, 0.1))
    np.testing.assert_allclose(small.readout, 0.1 * net.readout, rtol=1e-12)
    assert all((getattr(small, name) == getattr(net, name)).all() for name in ("recurrent", "input", "feedback"))


def test_a_shell_completes_what_users_use():
    shown = {name for name in dir(nr.Network.random(1, 4, 1)) if not name.startswith("_")}
    weights = {"recurrent", "input", "readout", "feedback", "bias", "initial"}
    made_of = {
        "cell",
        "filter",
        "parametrisation",
        "free",
        "learnt",
        "parameters",
        "per_unit",
        "formula",
        "dt",
        "noise",
        "plastic",
        "learnable",
        "surrogate",
        "readout_tau",
        "activity_cost",
        "activity_target",
    }
    assert shown == weights | made_of | {"inputs", "units", "outputs", "random", "for_task", "replace", "save", "load"}
