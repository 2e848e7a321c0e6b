"""The CUDA engine's logic, in Numba's simulator: one block, plain Python. ``make test`` runs this in a process of its own."""

from __future__ import annotations

import numpy as np
import pytest
from breadth import crossed, examples
from cases import Sizes, difference, end_alike, ending, network, trials
from hypothesis import given
from hypothesis import strategies as st
from numba import config

import neurorec as nr
from neurorec.errors import NotOffered, ValueRefused

if not config.ENABLE_CUDASIM:
    pytest.skip("runs in Numba's simulator only: NUMBA_ENABLE_CUDASIM=1, as in make test", allow_module_level=True)

from neurorec.engines.cuda import CudaEngine
from neurorec.engines.cuda.memory import Memory, OnDevice
from neurorec.engines.cuda.products import Tiles
from neurorec.networks.weights import Weights
from neurorec.simulation.stimulus import stimulus

CELLS, RULES, WAYS = nr.names("cells"), nr.names("rules"), ("on_chip", "across_chip", "apart")
UNLIKE = ["leaky_tanh", "gru", "lstm", "complex_modrelu"]  # one port; parts of a drive; two states; two outputs
LITTLE = Sizes(units=4, inputs=2, outputs=3, steps=3, trials=2)  # a thread of the GPU is one of Python's here, with all that it waits for
small = st.just(LITTLE) | st.builds(Sizes, st.integers(1, 5), st.integers(0, 2), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3))


@pytest.mark.parametrize("cell", UNLIKE)
@pytest.mark.parametrize("way", WAYS)
@given(size=small, seed=st.integers(0, 1000))
@examples(1)
def test_it_simulates_as_the_reference_does(cell, way, size, seed):
    net, data = network(size, cell, seed, noise=0.05), trials(size, seed)
    ours, definition = (nr.simulate(net, data, engine=each, seed=seed) for each in (CudaEngine(arrangement=way), "reference"))
    assert difference(ours.outputs, definition.outputs) < 1e-5
    assert all(difference(ours.states[name], definition.states[name]) < 1e-5 for name in definition.states)


@pytest.mark.parametrize(("cell", "way", "rule"), crossed(UNLIKE, WAYS, ["rflo", "bptt"]))
@given(size=small, seed=st.integers(0, 1000))
@examples(2)
def test_it_changes_weights_as_the_reference_does(cell, rule, way, size, seed):
    net, data = network(size, cell, seed, noise=0.05), trials(size, seed)
    assert_changes_alike(net, data, CudaEngine(arrangement=way), rule=rule, seed=seed)


@pytest.mark.parametrize(("cell", "rule"), [*((cell, "bptt") for cell in CELLS), *(("leaky_tanh", rule) for rule in RULES)])
def test_every_cell_and_every_rule(cell, rule):
    assert_changes_alike(network(LITTLE, cell), trials(LITTLE, loss="cross_entropy"), CudaEngine(), rule=rule)


def assert_changes_alike(net, data, engine, **settings):
    ours, definition = (nr.weight_change(net, data, engine=each, **settings) for each in (engine, "reference"))
    largest = max(np.abs(change).max() for change in definition.values() if change.size)
    for name, change in definition.items():
        assert change.size == 0 or np.abs(ours[name] - change).max() <= 1e-5 * max(largest, 1e-6), name


@pytest.mark.parametrize("units", [1, 35])
def test_events_have_the_bits_of_whole_products(units, monkeypatch):
    """In the order of all terms, over more of them than are looked at together."""
    size = Sizes(units=units, inputs=1, outputs=1, steps=2, trials=2)
    net, data = network(size, "lif", 3).replace(bias=np.where(np.arange(units) % 3, 0.0, 5.0), initial=np.zeros(3 * units)), trials(size)
    engine, found = CudaEngine(arrangement="apart"), []
    for rate in (0.0, 1.0):
        monkeypatch.setattr("neurorec.engines.cuda.sizes.RATE", rate)
        found.append(nr.simulate(net, data, engine=engine))
    assert 0 < found[0].states["z"].mean() < 1
    assert all(np.array_equal(found[0].states[name], found[1].states[name]) for name in found[0].states)


@pytest.mark.parametrize("way", ["across_chip", "apart"])
def test_units_that_are_silent_are_not_read(way):
    net = network(LITTLE, "lif").replace(bias=np.full(LITTLE.units, -100.0), initial=np.zeros(3 * LITTLE.units))
    weights, engine = Weights.of(net, np.float32), CudaEngine(arrangement=way)
    weights.recurrent[...] = np.nan
    assert np.isfinite(engine.forward(net, weights, stimulus(net, trials(LITTLE), np.float32, 0)).states).all()


@pytest.mark.parametrize("way", WAYS)
def test_spikes_are_the_references(way):
    size = Sizes(units=9, inputs=2, outputs=2, steps=12, trials=2)
    net, data = network(size, "lif", 1).replace(bias=np.linspace(0, 5, 9)), trials(size)
    ours, definition = (nr.simulate(net, data, engine=each).states["z"] for each in (CudaEngine(arrangement=way), "reference"))
    assert np.array_equal(ours, definition) and 0 < definition.mean() < 1


@pytest.mark.parametrize(("cell", "filter"), [("gru", "momentum"), ("leaky_tanh", "momentum")])
def test_filtered_cells(cell, filter):
    assert_changes_alike(network(LITTLE, cell, filter=filter), trials(LITTLE), CudaEngine(), rule="bptt")


RATES = {"recurrent": 0.1, "input": 0.2, "readout": 0.05, "bias": 0.3}


@pytest.mark.parametrize(
    ("cell", "feedback", "loss"),
    [
        ("leaky_tanh", "kolen_pollack", "mse"),
        ("leaky_tanh", "sign_symmetric", "cross_entropy"),
        ("gru", "symmetric", "mse"),
        ("lstm", "random", "cross_entropy"),
    ],
)
@given(size=small, seed=st.integers(0, 1000))
@examples(1)
def test_it_learns_at_every_step_as_the_reference_does(cell, feedback, loss, size, seed):
    net = network(size, cell, seed, noise=0.05).replace(plastic=tuple(RATES))
    data = trials(size, seed, loss)
    more = {"trials": 2 * size.trials, "batch": size.trials, "update": "step", "rate": RATES, "weight_decay": 0.1, "progress": False}
    ours, definition = (
        ending(lambda engine=each: nr.train(net, data, engine=engine, feedback=feedback, **more)) for each in ("cuda", "reference")
    )
    assert end_alike(ours, definition, (*RATES, "feedback"), 1e-5)


@given(size=small, seed=st.integers(0, 1000))
@examples(1)
def test_it_learns_at_every_step_under_masks_and_rates_of_single_synapses(size, seed):
    net, data = network(size, "gru", seed).replace(plastic=("recurrent", "input", "readout", "bias")), trials(size, seed)
    rng = np.random.default_rng(seed)
    rate = {name: rng.random(getattr(net, name).shape) * 0.2 for name in net.plastic}
    masks = {name: (rng.random(each.shape) < 0.5) | (each == each.max(initial=0)) for name, each in rate.items()}
    ways = {
        "trials": size.trials,
        "batch": size.trials,
        "update": "step",
        "feedback": "kolen_pollack",
        "weight_decay": 0.1,
        "progress": False,
    }
    ours, definition = (nr.train(net, data, engine=each, plastic=masks, rate=rate, **ways).network for each in ("cuda", "reference"))
    for name, mask in masks.items():
        assert difference(getattr(ours, name), getattr(definition, name)) < 1e-5, name
        assert np.array_equal(getattr(ours, name)[~mask], getattr(net, name)[~mask]), name
    assert difference(ours.feedback, definition.feedback) < 1e-5


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"optimiser": "adam"}, "optimiser Adam"),
        ({"clip": 1.0}, "clipping"),
        ({"rule": "rtrl"}, "RTRL"),
        ({"plastic": ("recurrent", "tau")}, "plastic tau"),
    ],
)
def test_what_needs_a_steps_whole_change_is_refused_before_it(settings, words, tmp_path):
    with pytest.raises(NotOffered, match=f"{words}.*engine='numba' can"):
        nr.train(network(LITTLE), trials(LITTLE), engine="cuda", update="step", path=tmp_path / "run.h5", progress=False, **settings)
    assert not (tmp_path / "run.h5").exists()


def test_a_training_goes_on_with_the_arrangement_it_began_with(tmp_path):
    path = tmp_path / "run.h5"
    net, data = network(LITTLE), trials(LITTLE)
    nr.train(net, data, engine=CudaEngine(arrangement="apart"), trials=2, batch=1, path=path, progress=False)
    longer = nr.resume(path, trials=3, task=data, progress=False)
    whole = nr.train(net, data, engine=CudaEngine(arrangement="apart"), trials=3, batch=1, progress=False)
    assert longer.config["engine_settings"] == {"arrangement": "apart"}
    assert np.array_equal(longer.network.recurrent, whole.network.recurrent)


def test_tf32_is_kept_with_a_run_and_only_where_it_was_asked_for():
    run = nr.train(network(LITTLE), trials(LITTLE), engine=CudaEngine(tf32=True), trials=1, progress=False)
    assert run.config["engine_settings"] == {"tf32": True}
    assert CudaEngine(tf32=True).tolerance > CudaEngine().tolerance
    assert CudaEngine().settings == {}


def test_an_arrangement_that_is_none_is_refused():
    with pytest.raises(ValueRefused, match="on_chip, across_chip, apart"):
        CudaEngine(arrangement="block")


@pytest.mark.parametrize("window", [1, 2, 100])
def test_a_long_simulation_in_windows_is_the_short_one(window, tmp_path):
    net, data = network(LITTLE, "lstm", noise=0.1), trials(LITTLE)
    recording = nr.stream(
        net, data, tmp_path / "s.h5", engine="cuda", window=window, record=nr.Record(("h", "c", "output")), progress=False
    )
    whole = nr.simulate(net, data, engine="cuda")
    with recording.to_xarray() as found:
        for name, expected in {**whole.states, "output": whole.outputs}.items():
            assert np.array_equal(found[name].values, expected), name


def test_what_stays_on_the_gpu_is_copied_by_index():
    values = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    kept = OnDevice(CudaEngine()._bench.memory.upload("values", values))
    assert kept.shape == values.shape
    assert np.array_equal(np.asarray(kept), values)
    assert np.array_equal(kept[1:, 2], values[1:, 2])


@pytest.mark.parametrize("update", ["trial", "step"])
def test_nothing_is_sent_to_the_gpu_twice_in_an_update(update, monkeypatch):
    sent, send = [], Memory.upload
    monkeypatch.setattr(Memory, "upload", lambda memory, name, *values: sent.append(name) or send(memory, name, *values))
    net = network(LITTLE).replace(plastic=tuple(RATES))
    nr.train(net, trials(LITTLE), engine=CudaEngine(), trials=2, batch=2, update=update, progress=False)
    assert "outside" in sent and len(sent) == len(set(sent)), sent


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.integers(0, 1000))
@examples(3)
def test_own_products_are_products(steps, trials, n, m, seed):
    rng, upload = np.random.default_rng(seed), CudaEngine()._bench.memory.upload
    post, pre, weights = (rng.standard_normal(s).astype(np.float32) for s in ((steps, trials, n), (steps, trials, m), (n, m)))
    gathered, spread = upload("gathered", np.ones((n, m))), upload("spread", np.ones((steps, trials, n)))
    Tiles().gather(upload("post", post), upload("pre", pre), gathered)
    Tiles().spread(upload("pre", pre), upload("weights", weights), spread)
    assert np.allclose(gathered.copy_to_host(), 1 + np.einsum("tbn,tbm->nm", post, pre), atol=1e-4)
    assert np.allclose(spread.copy_to_host(), 1 + pre @ weights.T, atol=1e-4)


def test_a_sequence_loop_takes_the_same_way_and_states_are_carried(tmp_path):
    from neurorec.circuits import SequenceLoop

    net = nr.Network.random(2, 3, 1, seed=1)
    ours, theirs = (SequenceLoop(net, 0.03, 0.02, engine=engine) for engine in (CudaEngine(), "reference"))
    logs = [loop.learn((0, 1, 1), 6, progress=False) for loop in (ours, theirs)]
    assert logs[0].identical(logs[1])
    assert difference(ours.perform(3).outputs, theirs.perform(3).outputs) < 1e-5
    task = nr.task("periodic_output", period=0.1)
    runs = [
        nr.train(nr.Network.random(0, 3, 1), task, engine=e, trials=3, start="carried", progress=False) for e in (CudaEngine(), "reference")
    ]
    assert difference(runs[0].network.recurrent, runs[1].network.recurrent) < 1e-5
