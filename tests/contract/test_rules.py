"""Laws of every rule, cell and engine there is: a new file is under test before its author writes one."""

from __future__ import annotations

import numpy as np
import pytest
from breadth import examples
from cases import ENGINES, LOSSES, ORDINARY, STEPPING, Sizes, difference, end_alike, ending, network, on_engines, sizes, trials
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.engines.numba import NumbaEngine

CELLS, RULES = nr.names("cells"), nr.names("rules")
FILTERED = [
    *(("gru", filter) for filter in nr.names("filters")),
    ("leaky_tanh", nr.names("filters")[0]),
]  # a drive in parts, and a whole one


@pytest.mark.parametrize("cell", CELLS)
@given(size=sizes, seed=st.integers(0, 1000))
@examples(4)
def test_rtrl_equals_bptt(cell, size, seed):
    net, data = network(size, cell, seed), trials(size, seed)
    forward, backward = (nr.weight_change(net, data, rule=rule, engine="reference") for rule in ("rtrl", "bptt"))
    assert all(difference(forward[name], backward[name]) < 1e-10 for name in backward)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("engine", ENGINES)
@given(size=sizes, seed=st.integers(0, 1000))
@examples(4)
def test_an_engine_simulates_as_the_reference_does(cell, engine, size, seed):
    net, data = network(size, cell, seed, noise=0.05), trials(size, seed)
    ours, definition = (nr.simulate(net, data, engine=each, seed=seed) for each in (engine, "reference"))
    tolerance = load("engines", engine).tolerance
    assert difference(ours.outputs, definition.outputs) < tolerance
    assert all(difference(ours.states[name], definition.states[name]) < tolerance for name in definition.states)


@pytest.mark.parametrize(("engine", "cell", "rule"), on_engines(ENGINES, CELLS, RULES))
@given(size=sizes, seed=st.integers(0, 1000), loss=st.sampled_from(LOSSES))
@examples(3)
def test_an_engine_changes_weights_as_the_reference_does(cell, rule, engine, size, seed, loss):
    net, data = network(size, cell, seed, noise=0.05), trials(size, seed, loss)
    ours, definition = (nr.weight_change(net, data, rule=rule, engine=each, seed=seed) for each in (engine, "reference"))
    # Relative to the largest change of all: a weight whose change is rounding has no digits to agree in.
    largest = max(np.abs(change).max() for change in definition.values() if change.size)
    for name, change in definition.items():
        assert change.size == 0 or np.abs(ours[name] - change).max() <= load("engines", engine).tolerance * max(largest, 1e-6), name


@pytest.mark.parametrize(("engine", "filtered", "rule"), on_engines(ENGINES, FILTERED, RULES))
def test_filtered_cells_follow_every_rule(engine, filtered, rule):
    """Of which the exact ones follow the slope of the loss in the reference (`testing.check_filter`)."""
    net, data = network(ORDINARY, filtered[0], filter=filtered[1]), trials(ORDINARY)
    ours, definition = (nr.weight_change(net, data, rule=rule, engine=each) for each in (engine, "reference"))
    assert all(difference(ours[name], definition[name]) < 1e-4 for name in definition)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("feedback", nr.names("feedbacks"))
@pytest.mark.parametrize("engine", ENGINES)
def test_every_rule_takes_every_feedback(rule, feedback, engine):
    net, data = network(ORDINARY), trials(ORDINARY)
    ours, definition = (nr.weight_change(net, data, rule=rule, engine=each, feedback=feedback) for each in (engine, "reference"))
    assert all(difference(ours[name], definition[name]) < 1e-4 for name in definition)


LEARNT = ("recurrent", "input", "readout", "bias", "feedback")


def learnt_online(
    engine: str | NumbaEngine, size: Sizes, cell: str, seed: int = 0, plastic=("recurrent", "input", "readout", "bias"), **settings
) -> nr.Network | str:
    """Weights after three batches in which they changed at every step."""
    net = network(size, cell, seed, noise=0.05, gain=0.7).replace(plastic=plastic)  # cells that do not saturate would run away
    more = {"trials": 3 * size.trials, "batch": size.trials, "update": "step", "progress": False, **settings}
    return ending(lambda: nr.train(net, trials(size, seed), engine=engine, **more))


def assert_learnt_alike(engine: str | NumbaEngine, *arguments, **settings):
    ours, definition = (learnt_online(each, *arguments, **settings) for each in (engine, "reference"))
    assert end_alike(ours, definition, LEARNT, 1e-4)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("engine", STEPPING)
@given(size=sizes, seed=st.integers(0, 1000))
@examples(1)
def test_an_engine_learns_at_every_step_as_the_reference_does(cell, engine, size, seed):
    assert_learnt_alike(engine, size, cell, seed, feedback="kolen_pollack", rate=0.03, weight_decay=0.1)


@pytest.mark.parametrize("engine", STEPPING)
@pytest.mark.parametrize(
    ("cell", "more"),
    [
        ("lstm", {"optimiser": "adam", "rate": 0.01}),
        ("leaky_tanh", {"clip": 0.01}),
        ("gru", {"rule": "rtrl"}),
        ("gru", {"plastic": ("recurrent", "readout", "b_n")}),
        ("leaky_tanh", {"rule": "readout_only"}),
        ("leaky_tanh", {"rule": "recurrent_only", "feedback": "sign_symmetric"}),
        ("leaky_tanh", {"rate": {"recurrent": 0.1, "input": 0.0, "readout": 0.01, "bias": 0.03}}),
    ],
)
def test_every_way_to_learn_at_every_step_is_the_references(cell, engine, more):
    assert_learnt_alike(engine, ORDINARY, cell, **{"rate": 0.1, **more})


@pytest.mark.parametrize("cell", ["leaky_tanh", "gru", "lstm"])
@pytest.mark.parametrize("way", ["causal", "fused", "low_rank"])
@given(units=st.integers(1, 20), inputs=st.integers(0, 2), steps=st.integers(1, 40), count=st.integers(1, 6), seed=st.integers(0, 1000))
@examples(3)
def test_every_way_of_the_compiled_engine_gives_the_same_weights(cell, way, units, inputs, steps, count, seed):
    """Whichever its cost model would choose."""
    size = Sizes(units, inputs, 2, steps, count)
    assert_learnt_alike(NumbaEngine(per_step=way), size, cell, seed, rate=0.05, feedback="kolen_pollack")


@pytest.mark.parametrize("filter", [None, "momentum"])
def test_long_trials_are_folded_on_the_way(filter):
    """More steps than are kept apart, so that traces fade and sums are folded: still the causal numbers."""
    net = nr.Network.random(2, 30, 2, filter=filter, seed=1)
    data = trials(Sizes(30, 2, 2, 700, 1))
    data = nr.Trials(data.inputs, data.targets, dt=net.dt)
    runs = [
        nr.train(net, data, engine=NumbaEngine(per_step=way), trials=1, update="step", rate=0.5, progress=False)
        for way in ("causal", "low_rank")
    ]
    assert difference(runs[1].network.recurrent, runs[0].network.recurrent) < 1e-4
    assert difference(runs[1].network.recurrent, net.recurrent) > 1e-3
