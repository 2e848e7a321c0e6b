"""Weights that change at every step: long trials, and the choice between the ways to do it."""

from __future__ import annotations

import numpy as np
import pytest
from cases import Sizes, difference, trials
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.engines.numba.lines import LINE, widened
from neurorec.engines.numba.online import Held
from neurorec.engines.numba.per_step import costs, horizon, remembered
from neurorec.engines.numba.recurrent import recurrence_of
from neurorec.networks.weights import Weights


def learnt(way: str, net: nr.Network, data: nr.Trials, **more) -> nr.Network:
    return nr.train(
        net, data, engine=NumbaEngine(per_step=way), trials=data.count, batch=data.count, update="step", progress=False, **more
    ).network


@given(
    units=st.integers(1, 6),
    count=st.integers(1, 2),
    tau=st.sampled_from([0.02, 0.05, 0.2, 1.0, 20.0]),
    steps=st.integers(1500, 3000),
    seed=st.integers(0, 100),
)
@settings(max_examples=8, deadline=None)
def test_thousands_of_steps_are_folded_on_the_way(units, count, tau, steps, seed):
    """Traces that are gone after a few steps, and some that outlast the trial."""
    net = nr.Network.random(1, units, 2, gain=0.5, parameters={"tau": tau}, seed=seed)
    data = trials(Sizes(units, 1, 2, steps, count), seed)
    data = nr.Trials(data.inputs, data.targets, dt=net.dt)
    causal, low_rank = (learnt(way, net, data, rate=0.3) for way in ("causal", "low_rank"))
    moved = np.abs(causal.recurrent - net.recurrent).max()
    assert moved > 1e-6
    for name in ("recurrent", "input", "readout"):
        assert difference(getattr(low_rank, name), getattr(causal, name)) < 1e-4, name


def test_a_unit_that_never_answers_leaves_no_traces_behind():
    """A rectifier below its threshold: traces that are zero from the beginning are forgotten, not kept for ever."""
    net = nr.Network.random(1, 4, 1, cell="leaky_relu", bias=np.full(4, -100.0), seed=0)
    data = trials(Sizes(4, 1, 1, 400, 1))
    data = nr.Trials(data.inputs, data.targets, dt=net.dt)
    assert np.array_equal(learnt("low_rank", net, data, rate=0.1).recurrent, net.recurrent)


@pytest.mark.parametrize(("tau", "steps"), [(0.1, 164), (0.02, 25), (1.0, 1723)])
def test_the_horizon_is_where_float32_ends(tau, steps):
    net = nr.Network.random(1, 3, 1, parameters={"tau": tau}, dt=0.01)
    found = horizon(net)
    assert abs(found - steps) <= 2
    assert (1 - 0.01 / tau) ** found <= 3e-8


def test_a_trace_that_never_fades_is_alive_all_along():
    assert remembered(np.inf, 100, 50) == (50, 0, 1)


def test_large_networks_and_short_trials_go_without_traces():
    def cheapest(units, steps, count):
        found = costs(nr.Network.random(1, units, 1), steps, count)
        return min(found, key=found.__getitem__)

    assert cheapest(50, 100, 1) == "fused"
    assert cheapest(1024, 200, 1) == "low_rank"
    assert cheapest(256, 50, 1) == "low_rank"
    assert cheapest(256, 1000, 1) == "fused"
    assert cheapest(256, 200, 8) == "fused"


@given(rows=st.integers(1, 9), width=st.integers(1, 40))
def test_rows_begin_on_a_cache_line(rows, width):
    array = np.arange(rows * width, dtype=np.float32).reshape(rows, width)
    wide = widened(array)
    assert all(row.ctypes.data % LINE == 0 for row in wide)
    assert np.array_equal(wide[:, :width], array)
    assert not wide[:, width:].any()


@pytest.mark.parametrize("inputs", [0, 1, 3])
def test_arrays_lie_in_one_way_or_loops_would_be_compiled_again(inputs):
    """Numba compiles a loop, for ten seconds and more, for each way in which its arrays may lie."""
    net, data = nr.Network.random(inputs, 5, 2, seed=0), trials(Sizes(5, inputs, 2, 4, 3))
    assert all(each.flags.c_contiguous for each in Held(Weights.of(net, np.float32), recurrence_of(net)).arrays)
    some = data.take(np.array([2, 0]))
    assert all(each.flags.c_contiguous for each in (some.inputs, some.targets, some.mask))
