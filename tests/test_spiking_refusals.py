"""What makes no spiking network, or no use of one, is refused in a sentence that names the way out."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

import neurorec as nr
from neurorec.errors import NotOffered, SlowMemoryWarning, ValueRefused

DT = 0.001


def unit(cell: str = "adaptive_lif", dt: float = DT, filter: str | None = None, **parameters: float) -> nr.Network:
    return nr.Network.random(1, 1, 1, cell=cell, dt=dt, filter=filter, parameters=parameters)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"beta": -0.1}, "beta of the cell adaptive_lif must lie from 0, got -0.1"),
        ({"threshold": 0.0}, "threshold of the cell adaptive_lif must be positive, got 0"),
        ({"width": 0.0}, "width of the cell adaptive_lif must be positive, got 0"),
        ({"gamma": 0.0}, "gamma of the cell adaptive_lif must be positive, got 0"),
        ({"gamma": -0.3}, "gamma of the cell adaptive_lif must be positive, got -0.3"),
        ({"refractory": 0.0025}, "refractory = 0.0025 s is no whole number of time steps of dt = 0.001 s; choose 0.002 s"),
        ({"refractory": 0.0002}, "is no whole number of time steps of dt = 0.001 s; choose 0.001 s, 0 for none"),
        (
            {"tau_m": 0.0005},
            "tau_m = 0.0005 s is not longer than the time step dt = 0.001 s; choose dt < tau_m, for accuracy dt <= tau_m / 5",
        ),
        ({"tau_m": DT}, "tau_m = 0.001 s is not longer than the time step"),
        ({"tau_a": DT}, "tau_a = 0.001 s is not longer than the time step"),
        ({"decay_input": 2.0}, "decay_input of the cell adaptive_lif must lie from 0 to 1"),
    ],
)
def test_what_makes_no_unit_is_refused(parameters, said):
    with pytest.raises(ValueRefused, match=said):
        unit(**parameters)


def test_what_decays_within_a_step_is_refused_wherever_it_is():
    with pytest.raises(ValueRefused, match="tau_syn = 0.001 s is not longer than the time step"):
        unit("lif_hard_reset", filter="exponential_synapse", tau_syn=DT)
    for tau in (0.001, 0.01):
        with pytest.raises(
            ValueRefused, match=rf"readout_tau = {tau} s is not longer than the time step dt = 0.01 s; choose 0 for no filter"
        ):
            nr.Network.random(1, 2, 1, readout_tau=tau)
    assert nr.Network.random(1, 2, 1, cell="leaky_tanh", dt=0.1).parameters == {"tau": 0.1}  # by Euler's rule, a step's worth of tanh


def test_a_surrogate_of_what_does_not_spike_is_refused():
    with pytest.raises(NotOffered, match="LeakyTanh has no spike whose slope Arctan could be"):
        nr.Network.random(1, 2, 1, surrogate="arctan")


@pytest.mark.parametrize("cell", ["lif", "adaptive_lif_hard_reset"])
@pytest.mark.parametrize("measure", ["fixed_points", "lyapunov"])
def test_what_needs_a_jacobian_is_refused(measure, cell):
    with pytest.raises(NotOffered, match=rf"{cell} spikes, so its step has no Jacobian .* ask of the rate average"):
        getattr(nr.dynamics, measure)(nr.Network.random(1, 4, 1, cell=cell))


# Memories that outlast a trial --------------------------------------------------------------------------------------------


def said(net: nr.Network, steps: int) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nr.train(net, nr.Trials(np.ones((steps, 1, 1)), np.ones((steps, 1, 1)), dt=DT), trials=1, engine="reference", progress=False)
    slow = [each for each in caught if each.category is SlowMemoryWarning]
    assert all(each.filename == __file__ for each in slow), "it names another line than the caller's"
    return [str(each.message) for each in slow]


def test_an_adaptation_that_outlasts_the_trial_is_warned_of():
    (text,) = said(unit(tau_a=0.02), 10)
    assert text.startswith("tau_a = 0.02 s is longer than a trial, 0.01 s")
    assert text.endswith("train on longer trials, choose a shorter tau_a, or beta=0 for none of it")


@pytest.mark.parametrize(("parameters", "steps"), [({"tau_a": 0.02}, 20), ({"tau_a": 0.02, "beta": 0.0}, 10)])
def test_one_that_does_not_or_that_no_unit_has_is_not(parameters, steps):
    assert said(unit(**parameters), steps) == []


# Spike trains without end -------------------------------------------------------------------------------------------------


def test_more_zeros_and_ones_than_anybody_reads_are_not_simulated():
    net = nr.Network.random(0, 1001, 1, cell="lif", dt=DT)
    with pytest.raises(
        ValueRefused, match=r"the simulation would hold 1e\+09 values of spike trains, .* use fewer trials or steps, or nr.stream"
    ):
        nr.simulate(net, np.empty((1_000_000, 0)))


def test_nor_recorded():
    net, data = unit("lif"), nr.Trials(np.ones((1000, 1, 1)), np.ones((1000, 1, 1)), dt=DT)
    how = {"trials": 1_000_001, "progress": False}
    with pytest.raises(ValueRefused, match=r"the run would hold 1e\+09 values of spike trains, .* nr.Record\(every=...\), or some units"):
        nr.train(net, data, record=nr.Record("z"), **how)


# Brian2 -------------------------------------------------------------------------------------------------------------------


def test_without_brian2_the_way_to_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "brian2", None)
    with pytest.raises(
        NotOffered, match=r"engine 'brian2' needs Brian2, which cannot be imported .* pip install 'brian2>=2.9'.*engine='reference'"
    ):
        nr.simulate(unit("lif"), np.ones((3, 1)), engine="brian2")
