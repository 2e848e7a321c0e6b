"""Brian2 runs what is printed for it as the reference runs the equations: states, spikes, changes by local rules."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
import sympy
from breadth import THOROUGH
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import load
from neurorec.errors import NotOffered
from neurorec.formula.words import relu, spike, stop_gradient
from neurorec.networks.cells.base import AbstractCell
from neurorec.networks.weights import Weights
from neurorec.simulation.stimulus import stimulus
from neurorec.testing._cases import ORDINARY, Sizes, network, trials  # not by way of cases.py: here is where no torch may be
from neurorec.testing._laws import difference

LARGEST = 1e-12  # relative difference
FEEDBACKS = nr.names("feedbacks")
CELLS = nr.names("cells") if THOROUGH else ["leaky_tanh", "gru", "lstm", "complex_modrelu", "lru"]  # each has what no other has
sizes = st.builds(Sizes, st.integers(1, 4), st.integers(0, 2), st.integers(1, 2), st.integers(1, 4), st.integers(1, 3))


class Spiking(AbstractCell):
    """Integrates and fires, with an adaptive threshold; names that Brian2 keeps for itself."""

    states = ("z", "i", "t")
    parameters = {"e": 0.05}

    @staticmethod
    def step(z, i, t, u, dt, e):
        """The reset stops the gradient, the spike in the threshold does not."""
        i = (1 - dt / e) * i + 3 * u - stop_gradient(z)
        t = 0.9 * t + z
        return spike(i - 0.2 * t - sympy.Rational(1, 2)), i, t


class Unprintable(relu):
    """A word of one's own, which does not say how Brian2 writes it."""

    in_brian2 = staticmethod(nr.AbstractWord.in_brian2)


class Mute(AbstractCell):
    """Whose formula it is in."""

    states = ("h",)

    @staticmethod
    def step(h, u):
        """Rectified."""
        return Unprintable(u)


def assert_alike(net: nr.Network, data: nr.Trials, rule: str = "rflo", feedback: str | None = None) -> None:
    """Every state, drive and output of every step, and the change of every weight."""
    weights, given_, law = Weights.of(net, np.float64), stimulus(net, data, np.float64, 0), load("rules", rule)()
    error, back = np.random.default_rng(0).normal(size=data.targets.shape), load("feedbacks", feedback or law.feedback)()
    ours, definition = (load("engines", name)() for name in ("brian2", "reference"))
    wanted = definition.forward(net, weights, given_)
    found = ours.forward(net, weights, given_)
    for name in ("states", "drives", "emitted", "readout"):
        assert difference(getattr(found, name), getattr(wanted, name)) < LARGEST, name
    changes = [each.change(net, weights, given_, wanted, error, law, back).vector for each in (ours, definition)]
    assert difference(*changes) < LARGEST


@pytest.mark.parametrize("cell", [*CELLS, Spiking])
def test_every_cell_is_the_references(cell):
    assert_alike(network(ORDINARY, cell, noise=0.05), trials(ORDINARY))


def test_spikes_are_the_same_to_the_step():
    size = Sizes(units=6, inputs=2, outputs=1, steps=60, trials=2)
    ours, definition = (nr.simulate(network(size, Spiking), trials(size), engine=each).states["z"] for each in ("brian2", "reference"))
    assert np.array_equal(ours, definition)
    assert 0 < definition.mean() < 1


@given(size=sizes, seed=st.integers(0, 1000), feedback=st.sampled_from(FEEDBACKS), rule=st.sampled_from(["rflo", "local_only"]))
@settings(max_examples=4)
def test_any_size_rule_and_feedback(size, seed, feedback, rule):
    assert_alike(network(size, "leaky_tanh", seed), trials(size, seed), rule, feedback)


def test_a_filtered_and_constrained_network():
    assert_alike(network(ORDINARY, "gru", filter="momentum"), trials(ORDINARY))
    assert_alike(nr.Network.random(2, 6, 3, dt=0.02, parametrisation="dale"), trials(ORDINARY))


def test_a_training_is_the_references():
    size = Sizes(4, 1, 1, 6, 1)
    plan = {"trials": 2, "rate": 0.1, "progress": False}
    ours, definition = (nr.train(network(size), trials(size), engine=each, **plan).network for each in ("brian2", "reference"))
    assert difference(ours.recurrent, definition.recurrent) < LARGEST


def test_brian2_is_left_as_it_was():
    before = brian2.prefs.codegen.target
    with pytest.raises(NotOffered, match="no form for Brian2"):
        nr.simulate(network(ORDINARY, Mute), trials(ORDINARY), engine="brian2")
    assert brian2.prefs.codegen.target == before


@pytest.mark.parametrize("rule", ["bptt", "random_feedback_bptt", "rtrl"])
def test_a_rule_that_looks_through_units_is_refused(rule):
    with pytest.raises(NotOffered, match="has local rules only, and .* use a local rule such as 'rflo'"):
        nr.weight_change(network(ORDINARY), trials(ORDINARY), rule, "brian2")


def test_changes_at_every_step_are_refused():
    with pytest.raises(NotOffered, match="Brian2Engine cannot change weights every step"):
        nr.train(network(ORDINARY), trials(ORDINARY), engine="brian2", update="step", trials=1, progress=False)
