"""Spikes gone through by their events: the numbers of whole products to the last bit, and the reference's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import sympy
from breadth import THOROUGH
from cases import difference
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.discovery import resolve
from neurorec.engines.numba import NumbaEngine
from neurorec.engines.numba.recurrent import Dense
from neurorec.formula.words import heaviside, spike
from neurorec.networks.pattern import whole as whole_matrix
from neurorec.networks.weights import Weights
from neurorec.simulation.stimulus import stimulus

DTYPES = ["float32", "float64"] if THOROUGH else ["float64"]
DRIVES = {"no spike": -1e3, "all spike": 1e3, "some": 0.05}  # a bias, beside weights of about 1 and a threshold of 1


class TwoDrives(nr.AbstractCell):
    """A unit that spikes where either of two drives moves it above a threshold."""

    states, drives = ("z", "v"), ("u", "w")

    @staticmethod
    def step(z, v, u, w, dt):
        moved = sympy.Rational(1, 2) * v + u - w / 3 - z
        return spike(moved - 1), moved


class TwoSpikes(nr.AbstractCell):
    """A unit with two thresholds, whose crossings go to others apart."""

    states = ("v",)

    @staticmethod
    def output(v):
        return spike(v - 1), (1 - heaviside(v - 3)) * spike(v - 2)

    @staticmethod
    def step(v, u, dt):
        return sympy.Rational(1, 2) * v + u


CELLS = ["lif", "adaptive_lif", TwoDrives, TwoSpikes]


def drawn(cell, units: int, trials: int, steps: int, bias: float, seed: int) -> tuple[nr.Network, nr.Trials]:
    """A network with self-made weights of about 1, and trials with some input spikes."""
    rng = np.random.default_rng(seed)
    net = nr.Network.random(3, units, 2, cell=cell, dt=0.001, gain=2.0, seed=seed)
    inputs = (rng.random((steps, trials, 3)) < rng.choice([0.1, 1])).astype(float)
    return net.replace(bias=np.full_like(net.bias, bias)), nr.Trials(inputs, rng.normal(size=(steps, trials, 2)), dt=0.001)


def found(net: nr.Network, data: nr.Trials, engine) -> dict[str, np.ndarray]:
    """All that units do, and what two rules change."""
    changes = {f"{rule} {name}": each for rule in ("rflo", "bptt") for name, each in nr.weight_change(net, data, rule, engine).items()}
    return {**nr.simulate(net, data, engine).states, **changes}


@pytest.fixture(scope="module")
def whole():
    """Find the same with whole products, as for units that do not spike."""

    def by_whole_products(net: nr.Network, data: nr.Trials, dtype: str) -> dict[str, np.ndarray]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Dense, "__init__", lambda self, network: vars(self).update(units=network.units, kind="dense"))
            return found(net, data, NumbaEngine(dtype=dtype))

    return by_whole_products


@pytest.mark.parametrize("dtype", DTYPES)
@given(
    cell=st.sampled_from(CELLS), units=st.sampled_from([1, 3, 40, 70]), trials=st.sampled_from([1, 2, 5]), steps=st.sampled_from([1, 2, 30]),
    bias=st.sampled_from([*DRIVES.values()]), seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_events_have_the_bits_of_whole_products(dtype, whole, cell, units, trials, steps, bias, seed):
    net, data = drawn(cell, units, trials, steps, bias, seed)
    ours, dense = found(net, data, NumbaEngine(dtype=dtype)), whole(net, data, dtype)
    assert [name for name in dense if not np.array_equal(ours[name], dense[name])] == []


@given(
    cell=st.sampled_from(CELLS), units=st.sampled_from([1, 3, 40]), density=st.sampled_from([0.1, 0.5, 1.0]), trials=st.sampled_from([1, 2, 17]),
    steps=st.sampled_from([1, 20]), bias=st.sampled_from([*DRIVES.values()]), seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_spikes_go_through_sparse_weights_to_the_bits_of_all_synapses(cell, units, density, trials, steps, bias, seed):
    net, data = drawn(cell, units, trials, steps, bias, seed)
    net = net.replace(recurrent=sp.csr_array(net.recurrent * (np.random.default_rng(seed).random(net.recurrent.shape) < density)))
    ours = found(net, data, NumbaEngine())
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(net.formula), "spikes", False)
        by_all = found(net, data, NumbaEngine())
    assert [
        name for name in by_all if np.abs(whole_matrix(ours[name]) - whole_matrix(by_all[name])).max(initial=0) > allowed(name, by_all)
    ] == []


def allowed(name: str, found: dict[str, np.ndarray]) -> float:
    """Rounding, of a change of recurrent weights, which is summed in another order; nothing of any other number."""
    return 1e-5 * np.abs(whole_matrix(found[name])).max(initial=0) if name.endswith("recurrent") else 0


@given(
    cell=st.sampled_from(CELLS), units=st.sampled_from([1, 3, 20]), trials=st.sampled_from([1, 5]), steps=st.sampled_from([1, 20]),
    bias=st.sampled_from([*DRIVES.values()]), seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=10, deadline=None)
def test_events_are_the_references(cell, units, trials, steps, bias, seed):
    net, data = drawn(cell, units, trials, steps, bias, seed)
    ours, definition = found(net, data, NumbaEngine(dtype="float64")), found(net, data, "reference")
    assert [name for name in definition if difference(ours[name], definition[name]) > 1e-12] == []


@pytest.mark.parametrize(("drive", "mean"), [("no spike", 0), ("all spike", 1)])
def test_the_drives_do_what_they_are_called(drive, mean):
    net, data = drawn("lif", 20, 2, 20, DRIVES[drive], 0)
    assert nr.simulate(net, data).states["z"].mean() == mean


@pytest.mark.parametrize("name", nr.names("cells"))
def test_what_spikes_is_seen_from_its_formula(name):
    formula = nr.Network.random(1, 1, 1, cell=name).formula
    assert formula.spikes == (not formula.exact)  # of the cells there are, those that have a surrogate send nothing else
    assert nr.Network.random(1, 1, 1, cell=TwoSpikes).formula.spikes


@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_batch_is_shared_by_threads(threads, whole):
    """Two threads gather the change of some units each, one gathers step by step."""
    net, data = drawn("lif", 100, 64, 60, DRIVES["some"], 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurorec.engines.numba.threads.LEAST", 1000)
        ours = found(net, data, NumbaEngine(dtype="float64", threads=threads))
    dense = whole(net, data, "float64")
    assert [name for name in dense if not np.array_equal(ours[name], dense[name])] == []


def test_a_chunk_of_batches_goes_by_events_too():
    net, data = drawn("lif", 30, 3, 40, DRIVES["some"], 0)
    how = {"trials": 12, "rate": 0.01, "progress": False}
    chunks, one_by_one = (nr.train(net, data, **how, **more).network for more in ({}, {"gradient_angle": 1}))
    assert np.array_equal(chunks.recurrent, one_by_one.recurrent)
    assert not np.array_equal(chunks.recurrent, net.recurrent)


def test_what_is_silent_is_not_gone_through():
    """What no product of numbers has: a weight that is none, from a unit that never spikes, is not heard; nor learnt, what it had to do with."""
    net, data = drawn("lif", 20, 2, 20, DRIVES["no spike"], 0)
    engine = NumbaEngine(dtype="float64")
    weights, given_ = Weights.of(net, np.float64), stimulus(net, data, np.float64, 0)
    weights.recurrent[...] = np.nan
    activity = engine.forward(net, weights, given_)
    assert np.isfinite(activity.states).all()
    error = np.full(data.targets.shape, np.nan)
    change = engine.change(net, weights, given_, activity, error, resolve("rules", "rflo"), resolve("feedbacks", "random"))
    assert (change.recurrent == 0).all()
    assert np.isnan(change.bias).all()
