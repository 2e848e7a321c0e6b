"""Sparse recurrent weights: by definition the dense network with zeros elsewhere, whose changes count where there is a synapse."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
from breadth import THOROUGH, examples
from cases import ORDINARY, Sizes, network, trials
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.numba import NumbaEngine, threads
from neurorec.errors import NotOffered, RunFileError, ShapeError, ValueRefused

CELLS = {"leaky_tanh": 1, "lstm": 4}  # and their drives
RULES = ("rflo", "bptt", "random_feedback_bptt", "rtrl", "recurrent_only")
DTYPE, ROUNDING = ("float64", 1e-12) if THOROUGH else ("float32", 2e-5)  # each has loops that take half a minute to compile
ENGINE = NumbaEngine(dtype=DTYPE)
sizes = st.builds(Sizes, st.integers(1, 9), st.integers(0, 3), st.integers(1, 3), st.integers(1, 9), st.sampled_from([1, 2, 9]))


def pattern(size, seed, drives=1):
    """A random one with an empty row and an empty column, where there is room for them, and a synapse of strength zero."""
    rng, shape = np.random.default_rng(seed), (drives * size.units, size.units)
    there = rng.random(shape) < rng.choice([0.0, 0.2, 0.6, 1.0])
    if size.units > 2:
        there[rng.integers(shape[0])], there[:, rng.integers(shape[1])] = False, False
    matrix = sp.csr_array(there * rng.normal(size=shape) / np.sqrt(size.units))
    if matrix.nnz:
        matrix.data[rng.integers(matrix.nnz)] = 0.0
    return matrix


def pair(size, cell="leaky_tanh", seed=0, **settings):
    """A sparse network, the dense one with its weights, and where it has synapses."""
    matrix = pattern(size, seed, CELLS[cell])
    sparse = network(size, cell, seed, **settings).replace(recurrent=matrix)
    there = np.zeros(matrix.shape, bool)
    there[sparse.pattern.post, sparse.pattern.pre] = True
    return sparse, sparse.replace(recurrent=matrix.toarray()), there


def assert_same(ours, dense, there, tolerance=ROUNDING):
    assert set(ours) == set(dense)
    for name, change in dense.items():
        expected = change * there if name == "recurrent" else change
        found = ours[name].toarray() if name == "recurrent" else ours[name]
        assert np.abs(found - expected).max(initial=0) <= tolerance * max(1, np.abs(expected).max(initial=0)), name


@pytest.mark.parametrize("cell", CELLS)
@given(size=sizes, seed=st.integers(0, 1000), rule=st.sampled_from(RULES))
@examples(15)
def test_every_rule_changes_the_synapses_that_exist_as_the_dense_engine_would(cell, size, seed, rule):
    sparse, dense, there = pair(size, cell, seed, noise=0.05)
    data = trials(size, seed)
    ours, definition = (nr.simulate(each, data, engine=engine) for each, engine in ((sparse, ENGINE), (dense, "reference")))
    np.testing.assert_allclose(ours.outputs, definition.outputs, rtol=0, atol=ROUNDING)
    change = nr.weight_change(sparse, data, rule=rule, engine=ENGINE)
    assert np.array_equal(change["recurrent"].indices, sparse.recurrent.indices)
    assert_same(change, nr.weight_change(dense, data, rule=rule, engine="reference"), there)


@given(size=sizes, seed=st.integers(0, 1000), rule=st.sampled_from(RULES))
@examples(5)
def test_the_reference_is_the_dense_network_on_the_pattern(size, seed, rule):
    sparse, dense, there = pair(size, seed=seed)
    data = trials(size, seed)
    ours, definition = (nr.weight_change(each, data, rule=rule, engine="reference") for each in (sparse, dense))
    assert_same(ours, definition, there, 0)


def test_long_trials_are_gathered_in_several_pieces():
    size = Sizes(units=6, inputs=1, outputs=2, steps=150, trials=3)
    sparse, dense, there = pair(size)
    data = trials(size)
    ours, definition = (nr.weight_change(each, data, rule="bptt", engine=by) for each, by in ((sparse, ENGINE), (dense, "reference")))
    assert_same(ours, definition, there)


def test_a_trial_does_not_depend_on_its_neighbours_nor_a_change_on_threads(monkeypatch):
    size = Sizes(units=40, inputs=1, outputs=2, steps=6, trials=19)  # two vectors of trials, and one trial over
    net, data = network(size, density=0.3), trials(size)
    alone = replace(data, inputs=data.inputs[:, 18:], targets=data.targets[:, 18:], mask=data.mask[:, 18:])
    assert np.array_equal(nr.simulate(net, alone, engine=ENGINE).outputs[:, 0], nr.simulate(net, data, engine=ENGINE).outputs[:, 18])
    changes = [nr.weight_change(net, data, rule="bptt", engine=ENGINE)]
    monkeypatch.setattr(threads, "LEAST", 1)
    changes.append(nr.weight_change(net, data, rule="bptt", engine=NumbaEngine(dtype=DTYPE, threads=3)))
    for name in ("recurrent", "input", "readout", "bias"):
        one, other = (change[name].data if name == "recurrent" else change[name] for change in changes)
        assert np.array_equal(one, other), name


@pytest.mark.parametrize("how", [{"optimiser": "sgd"}, {"optimiser": "adam", "clip": 0.1, "weight_decay": 0.1}])
def test_training_keeps_to_the_pattern(how):
    sparse, _, there = pair(ORDINARY, seed=3)
    settings = {"trials": 8, "batch": 2, "rate": 0.1, "progress": False, "seed": 1, **how}
    ours, definition = (nr.train(sparse, trials(ORDINARY), engine=each, **settings).network for each in (ENGINE, "reference"))
    assert np.array_equal(ours.recurrent.indices, sparse.recurrent.indices) and there.sum() == ours.recurrent.nnz
    assert np.abs(ours.recurrent.data - sparse.recurrent.data).max() > 1e-3
    np.testing.assert_allclose(ours.recurrent.data, definition.recurrent.data, rtol=0, atol=100 * ROUNDING)


def test_the_reference_learns_at_every_step():
    sparse, dense, there = pair(ORDINARY, seed=3)
    settings = {"trials": 2, "update": "step", "engine": "reference", "rate": 0.1, "progress": False, "optimiser": "adam"}
    ours = nr.train(sparse, trials(ORDINARY), **settings).network
    masked = nr.train(dense, trials(ORDINARY), plastic={"recurrent": there, **dict.fromkeys(dense.plastic[1:])}, **settings).network
    assert np.abs(ours.recurrent.data - sparse.recurrent.data).max() > 1e-3
    np.testing.assert_allclose(ours.recurrent.toarray(), masked.recurrent, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("cell", "count"), [("leaky_tanh", 1), ("leaky_tanh", 2), ("lstm", 2)])
def test_weights_that_change_at_every_step_are_the_references(cell, count):
    size = Sizes(units=7, inputs=2, outputs=3, steps=9, trials=count)
    net = pair(size, cell, seed=3, noise=0.05)[0]
    net = net.replace(plastic=("recurrent", "input", "readout", "bias"))
    settings = {"trials": 2 * count, "batch": count, "update": "step", "rate": 0.1, "weight_decay": 0.1, "progress": False}
    ours, definition = (
        nr.train(net, trials(size), engine=engine, feedback="kolen_pollack", **settings).network for engine in (ENGINE, "reference")
    )
    assert np.abs(definition.recurrent.data - net.recurrent.data).max() > 1e-3
    for name in ("recurrent", "input", "readout", "feedback", "bias"):
        apart = getattr(ours, name) - getattr(definition, name)
        assert np.abs(apart.data if name == "recurrent" else apart).max() < 100 * ROUNDING, name


def test_a_resumed_training_ends_with_the_same_bits(tmp_path):
    net, data = network(ORDINARY, density=0.5), trials(ORDINARY)
    settings = {"engine": ENGINE, "optimiser": "adam", "batch": 2, "progress": False}
    whole = nr.train(net, data, trials=8, path=tmp_path / "whole.h5", **settings)
    nr.train(net, data, trials=4, path=tmp_path / "half.h5", **settings)
    resumed = nr.resume(tmp_path / "half.h5", trials=8, task=data, progress=False)
    assert np.array_equal(whole.network.recurrent.data, resumed.network.recurrent.data)
    read = nr.open_run(tmp_path / "half.h5")
    for trial in read.checkpoints:
        assert np.array_equal(read.checkpoint(trial).recurrent.indices, net.recurrent.indices)
    assert np.array_equal(read.checkpoint(0).recurrent.data, net.recurrent.data)


def test_a_file_gives_the_network_back(tmp_path):
    net = pair(ORDINARY, seed=3)[0]
    read = nr.Network.load(net.save(tmp_path / "net.h5"))
    for name in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(read.recurrent, name), getattr(net.recurrent, name))
    assert (read.recurrent.data == 0).any()  # a synapse of strength zero is one


def test_damage_is_named_and_no_index_leads_out_of_the_network(tmp_path):
    path = network(ORDINARY, density=0.5).save(tmp_path / "net.h5")
    with h5py.File(path) as file:
        at = file["network/pattern/pre"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunFileError, match="damaged"):
        nr.Network.load(path)
    with h5py.File(tmp_path / "other.h5", "w") as file:  # somebody else's, without checksums
        network(ORDINARY, density=0.5).to_group(file.create_group("network"))
        file["network/pattern/pre"][0] = 1000
    with pytest.raises(ValueRefused, match="unit 1000 of 5"):
        nr.Network.load(tmp_path / "other.h5")


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "bsr"])
def test_any_form_of_the_same_matrix_is_the_same_network(form):
    matrix = pattern(ORDINARY, 3)
    for given_ in (matrix.asformat(form), sp.csr_matrix(matrix).asformat(form)):
        net = network(ORDINARY).replace(recurrent=given_)
        assert isinstance(net.recurrent, sp.csr_array) and abs(net.recurrent - matrix).max() == 0


def test_duplicates_are_summed_and_columns_sorted():
    columns, rows = np.array([4, 0, 4, 2], np.int64), np.array([0, 1, 0, 0], np.int64)
    net = network(ORDINARY).replace(recurrent=sp.coo_array(([1.0, 2.0, 3.0, 0.0], (rows, columns)), shape=(5, 5)))
    assert net.recurrent.indices.tolist() == [2, 4, 0] and net.recurrent.data.tolist() == [0.0, 4.0, 2.0]
    unsorted = sp.csr_array((np.array([1.0, 2.0]), np.array([3, 1]), np.array([0, 2, 2, 2, 2, 2])), shape=(5, 5))
    assert network(ORDINARY).replace(recurrent=unsorted).recurrent.indices.tolist() == [1, 3]
    assert unsorted.indices.tolist() == [3, 1] and unsorted.data.flags.writeable  # the caller's own stays as it was


def test_a_change_of_the_callers_matrix_is_none_of_the_network():
    matrix = pattern(ORDINARY, 3)
    net = network(ORDINARY).replace(recurrent=matrix)
    before = net.recurrent.data.copy()
    matrix.data[:] = 7
    assert np.array_equal(net.recurrent.data, before)
    with pytest.raises(ValueError, match="read-only"):
        net.recurrent.data[0] = 1


def with_entry(value):
    return sp.csr_array((np.array([value]), (np.array([1]), np.array([2]))), shape=(5, 5))


@pytest.mark.parametrize(
    ("recurrent", "error", "words"),
    [
        (sp.eye_array(4, 5), ShapeError, r"shape \(5, 5\), got \(4, 5\)"),
        (with_entry(np.nan), ValueRefused, r"nan at index \(1, 2\)"),
        (with_entry(1j), ValueRefused, "real numbers"),
        (sp.csr_array((5, 0)), ShapeError, "at least one unit"),
    ],
)
def test_what_is_no_matrix_of_weights_is_refused(recurrent, error, words):
    with pytest.raises(error, match=words):
        network(ORDINARY).replace(recurrent=recurrent)


def test_indices_that_lead_out_of_the_matrix_are_refused():
    matrix = with_entry(1.0)
    matrix.indices[0] = 77
    with pytest.raises(ValueRefused, match="no valid csr matrix"):
        network(ORDINARY).replace(recurrent=matrix)


@pytest.mark.parametrize("engine", ["torch", "brian2", "unrolled"])
def test_engines_without_sparse_weights_say_so(engine):
    with pytest.raises(NotOffered, match=r"sparse.*engine='numba'"):
        nr.simulate(network(ORDINARY, density=0.5), trials(ORDINARY), engine=engine)


def test_what_does_not_go_with_sparse_weights_says_so(tmp_path):
    net = network(ORDINARY, density=0.5)
    with pytest.raises(NotOffered, match="cayley makes a whole matrix, and recurrent is sparse"):
        net.replace(parametrisation="cayley")
    with pytest.raises(NotOffered, match="recurrent is sparse"):
        nr.Network.random(1, 5, 1, density=0.5, parametrisation="orthogonal")
    with pytest.raises(NotOffered, match="engine='reference'"):
        nr.train(net, trials(ORDINARY), update="step", optimiser="adam", progress=False)
    with pytest.raises(NotOffered, match="Brian2"):
        nr.export.brian2(net, trials(ORDINARY), tmp_path / "net.py")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"density": 0.0}, r"\(0, 1\]"),
        ({"density": 1.5}, r"\(0, 1\]"),
        ({"degree": 0}, "from 1"),
        ({"degree": 9}, "at most 5"),
        ({"density": 0.5, "degree": 2}, "exclude"),
        ({"density": 0.5, "sparsity": 0.5}, "exclude"),
        ({"degree": 2, "spectral_radius": 1.0}, "exclude"),
    ],
)
def test_settings_of_random_synapses_are_checked(settings, words):
    with pytest.raises(ValueRefused, match=words):
        nr.Network.random(1, 5, 1, **settings)


def test_every_unit_of_a_fixed_degree_receives_as_many_synapses():
    for units, degree in ((30, 4), (30, 27), (1, 1), (7, 7)):
        net = nr.Network.random(1, units, 1, degree=degree, seed=2)
        assert (np.diff(net.recurrent.indptr) == degree).all() and net.recurrent.has_canonical_format
    counts = np.bincount(nr.Network.random(1, 400, 1, degree=40, seed=2).recurrent.indices, minlength=400)
    assert abs(counts.mean() - 40) < 1e-9 and 4 < counts.std() < 8  # binomial: 6


@pytest.mark.parametrize("settings", [{"density": 0.1}, {"degree": 50}])
def test_random_synapses_have_the_gain_and_the_seed_that_were_asked_for(settings):
    net, again, other = (nr.Network.random(1, 500, 1, gain=1.2, seed=seed, **settings) for seed in (4, 4, 5))
    assert abs(net.recurrent.nnz / 25000 - 1) < 0.03  # five standard deviations of the number
    assert abs(np.sqrt((net.recurrent.data**2).sum() / 500) / 1.2 - 1) < 0.03
    assert np.array_equal(net.recurrent.data, again.recurrent.data) and np.array_equal(net.recurrent.indices, again.recurrent.indices)
    assert not np.array_equal(net.recurrent.indices[:50], other.recurrent.indices[:50])


@pytest.mark.parametrize("settings", [{"density": 0.001}, {"degree": 5}])
def test_to_draw_them_takes_memory_as_there_are_synapses(settings):
    tracemalloc.start()
    net = nr.Network.random(1, 5000, 1, **settings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * net.recurrent.nnz + 400 * net.units < 8 * 5000**2 / 10


def test_masks_and_rates_are_those_of_synapses():
    net, data = network(ORDINARY, density=0.6), trials(ORDINARY)
    even = net.recurrent.copy()
    even.data = (np.arange(even.nnz) % 2).astype(float)
    settings = {"engine": ENGINE, "trials": 2, "progress": False}
    for mask in (even, even.toarray(), even.data):
        moved = nr.train(net, data, plastic={"recurrent": mask}, **settings).network.recurrent.data != net.recurrent.data
        assert np.array_equal(moved, even.data == 1)
    by_mask, by_rate = (
        nr.train(net, data, rate={"recurrent": rate}, plastic=plastic, **settings).network.recurrent.data
        for rate, plastic in ((0.1, {"recurrent": even}), (0.1 * even, ["recurrent"]))
    )
    assert np.array_equal(by_mask, by_rate)
    with pytest.raises(ShapeError, match="one a synapse"):
        nr.train(net, data, plastic={"recurrent": np.ones((2, 3))}, **settings)


@pytest.mark.parametrize("law", ["dale", "dale_clipped"])
def test_dales_law_holds_on_a_pattern_as_it_does_under_a_mask(law, tmp_path):
    net = nr.Network.random(2, 9, 3, density=0.5, parametrisation=law, dt=0.02, seed=3)
    signs, there = net.free["signs"], np.zeros((9, 9), bool)
    there[net.pattern.post, net.pattern.pre] = True
    dense = net.replace(recurrent=net.recurrent.toarray(), free={"strength": abs(net.recurrent.toarray()), "signs": signs})
    data, plastic = trials(Sizes(9, 2, 3, 7, 2)), dict.fromkeys(["input", "readout"])
    settings = {"trials": 40, "batch": 2, "rate": 0.5, "progress": False, "seed": 1}
    ours = nr.train(net, data, engine=ENGINE, path=tmp_path / "run.h5", **settings).network
    definition = nr.train(dense, data, engine="reference", plastic={"strength": there, **plastic}, **settings).network
    assert (ours.recurrent.data * signs[ours.pattern.pre] >= 0).all() and np.abs(ours.recurrent.data - net.recurrent.data).max() > 0.01
    np.testing.assert_allclose(ours.recurrent.toarray(), definition.recurrent, rtol=0, atol=1000 * ROUNDING)
    assert np.array_equal(nr.Network.load(tmp_path / "run.h5").recurrent.data, ours.recurrent.data)
    assert (net.replace(free={"strength": 2 * net.free["strength"], "signs": signs}).recurrent - 2 * net.recurrent).nnz == 0


def test_dynamics_are_those_of_the_dense_network():
    sparse, dense, _ = pair(Sizes(7, 2, 1, 3, 1), seed=3)
    state = np.random.default_rng(0).normal(size=7)
    np.testing.assert_allclose(nr.dynamics.jacobian(sparse, state), nr.dynamics.jacobian(dense, state), rtol=0, atol=1e-14)
    ours, definition = (nr.dynamics.lyapunov(each, steps=40)["exponent"] for each in (sparse, dense))
    np.testing.assert_allclose(ours, definition, rtol=0, atol=1e-10)
    ours, definition = (nr.dynamics.fixed_points(each, starts=state[None]) for each in (sparse, dense))
    np.testing.assert_allclose(ours["state"], definition["state"], rtol=0, atol=1e-8)
    cut = sparse.recurrent < 0
    ours, definition = (
        nr.dynamics.lesion(net, trials(Sizes(7, 2, 1, 3, 1)), [1, {"recurrent": mask}])["output"]
        for net, mask in ((sparse, cut), (dense, cut.toarray()))
    )
    np.testing.assert_allclose(ours, definition, rtol=0, atol=1e-14)


def test_it_says_how_many_synapses_there_are():
    assert "1,600 synapses, 0.04 of all" in repr(nr.Network.random(1, 200, 1, degree=8))
