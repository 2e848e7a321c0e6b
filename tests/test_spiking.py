"""Cells that spike, a filter behind the readout, and a cost of activity. e-prop as others published it: tasks/eprop_verification.py."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from cases import ORDINARY, difference, network, trials, value, with_value

import neurorec as nr
from neurorec.engines.numba import NumbaEngine
from neurorec.engines.torch import TorchEngine
from neurorec.errors import NotOffered, ValueRefused

DT = 0.001
PRECISE = [NumbaEngine(dtype="float64"), TorchEngine(dtype="float64"), "unrolled", "brian2"]
AROUND = {"readout_tau": 0.05, "activity_cost": 0.7, "activity_target": 0.2}


def one(cell: str = "lif", weight: float = 1.0, **parameters: float) -> nr.Network:
    """A single unit with one input."""
    return nr.Network([[0.0]], [[weight]], [[1.0]], cell=cell, dt=DT, parameters=parameters)


def spikes(net: nr.Network, inputs: np.ndarray) -> list[int]:
    return np.flatnonzero(nr.simulate(net, inputs[:, None], engine="reference").states["z"][:, 0, 0]).tolist()


@pytest.mark.parametrize(("steps", "expected"), [(0, [0, 1, 2, 3, 4, 5, 6]), (1, [0, 1, 2, 3, 4, 5, 6]), (3, [0, 3, 6])])
@pytest.mark.parametrize("cell", ["lif", "adaptive_lif"])
def test_spikes_are_as_far_apart_as_the_refractory_time(cell, steps, expected):
    assert spikes(one(cell, 100.0, refractory=steps * DT), np.ones(7)) == expected


def test_a_potential_at_the_threshold_spikes():
    assert spikes(one(weight=1.0), np.array([1.0, 0.0, 0.0])) == [0]
    assert spikes(one(weight=np.nextafter(1, 0)), np.array([1.0, 0.0, 0.0])) == []


@pytest.mark.parametrize(("decay_reset", "left"), [(0.0, np.exp(-0.05) * 1.5 - 1), (1.0, np.exp(-0.05) * 0.5)])
def test_the_reset_is_a_step_late_or_decays_from_the_spike_on(decay_reset, left):
    v = nr.simulate(one(weight=1.5, decay_reset=decay_reset), np.array([[1.0], [0.0]]), engine="reference").states["v"]
    assert v[:, 0, 0] == pytest.approx([1.5, left])


def test_a_held_drive_is_reached_or_moves_the_potential_at_once():
    inputs = np.full((400, 1), 0.5)
    settled, summed = (nr.simulate(one(decay_input=each), inputs, engine="reference").states["v"][:, 0, 0] for each in (1.0, 0.0))
    assert settled[-1] == pytest.approx(0.5, rel=1e-6)
    assert summed[0] == 0.5


def test_adaptation_makes_intervals_longer():
    times = spikes(one("adaptive_lif", 0.2, beta=0.2), np.ones(300))
    assert len(times) > 5
    assert np.diff(times)[-1] > 2 * np.diff(times)[0]


def test_a_network_of_it_is_stored(tmp_path):
    net = nr.Network.random(1, 3, 1, cell="lif", surrogate="arctan", **AROUND)
    back = nr.Network.load(net.save(tmp_path / "net.h5"))
    assert (back.surrogate, back.readout_tau, back.activity_cost, back.activity_target) == ("arctan", *AROUND.values())
    assert "learning through arctan" in repr(back)


# Around the recurrence ---------------------------------------------------------------------------------------------------


def cost(net: nr.Network, data: nr.Trials) -> float:
    """What an exact rule lowers: the loss, and the cost of activity."""
    found = nr.simulate(net, data, engine="reference")
    off = [state.mean(axis=0) - net.activity_target for state in found.states.values()]  # of these cells units send all their states
    return found.loss.mean() + net.activity_cost / 2 * sum((each**2).sum(axis=1).mean() for each in off)


@pytest.mark.parametrize("cell", ["leaky_tanh", "complex_modrelu"])  # one output; two
def test_a_filter_and_a_cost_have_exact_gradients(cell):
    net, data = network(ORDINARY, cell, **AROUND), trials(ORDINARY)
    for name, change in nr.weight_change(net, data, "bptt", "reference").items():
        base, slope = value(net, name), np.zeros_like(change)
        for index in np.ndindex(*base.shape):
            up, down = (with_value(net, name, base + sign * 1e-6 * one_at(base, index)) for sign in (1, -1))
            slope[index] = -(cost(up, data) - cost(down, data)) / 2e-6
        assert difference(change, slope) < 1e-7, name


def one_at(array: np.ndarray, index: tuple[int, ...]) -> np.ndarray:
    found = np.zeros_like(array)
    found[index] = 1
    return found


@pytest.mark.parametrize("engine", PRECISE, ids=lambda engine: getattr(engine, "__module__", engine))
@pytest.mark.parametrize("feedback", ["random", "sign_symmetric"])
def test_every_engine_has_them(engine, feedback):
    net, data = network(ORDINARY, "leaky_tanh", **AROUND), trials(ORDINARY)
    ours, definition = (nr.weight_change(net, data, "rflo", each, feedback) for each in (engine, "reference"))
    assert all(difference(ours[name], definition[name]) < 1e-12 for name in definition)
    assert difference(nr.simulate(net, data, engine).outputs, nr.simulate(net, data, "reference").outputs) < 1e-12


def test_the_filter_is_the_recursion():
    net, data = network(ORDINARY, "leaky_tanh", readout_tau=0.05), trials(ORDINARY)
    direct, kappa, y = nr.simulate(net.replace(readout_tau=0), data, "reference").outputs, np.exp(-0.02 / 0.05), 0.0
    for found, read in zip(nr.simulate(net, data, "reference").outputs, direct, strict=True):
        y = kappa * y + (1 - kappa) * read
        assert np.abs(found - y).max() < 1e-15


def test_a_cost_alone_asks_of_each_unit_what_it_is_off():
    """Without targets to miss, and of a unit that no weight drives: dL/db of a held output is cost (mean - target) times its slope's mean."""
    net = nr.Network(np.zeros((2, 2)), np.zeros((2, 0)), [[0.0, 0.0]], activity_cost=2.0, activity_target=0.5, initial=0.0, bias=[0.0, 0.0])
    data = nr.Trials(np.zeros((3, 1, 0)), np.zeros((3, 1, 1)))
    trace = np.cumsum(0.1 * 0.9 ** np.arange(3))  # of the bias, alpha = 0.1
    assert nr.weight_change(net, data, engine="reference")["bias"] == pytest.approx(np.full(2, 2.0 * 0.5 * trace.mean()))


def test_a_stream_goes_on_through_the_filter(tmp_path):
    net = nr.Network.random(2, 5, 1, readout_tau=0.1, seed=1)
    data = nr.Trials(np.random.default_rng(0).normal(size=(40, 2, 2)), dt=net.dt)
    found = nr.stream(net, data, tmp_path / "long.h5", window=7, progress=False).to_xarray()["output"].values
    assert np.abs(found - nr.simulate(net, data).outputs).max() < 1e-6


@pytest.mark.parametrize("name", ["readout_tau", "activity_cost"])
def test_changes_at_every_step_are_refused(name):
    net = network(ORDINARY, "leaky_tanh", **{name: 0.5})
    with pytest.raises(NotOffered, match=rf"this network has {name} = 0.5, .* use update='trial', or network.replace\({name}=0\)"):
        nr.train(net, trials(ORDINARY), update="step", trials=1, progress=False)


def test_a_training_is_resumed_bit_for_bit(tmp_path):
    net, task = nr.Network.random(0, 6, 1, cell="leaky_tanh", dt=0.02, seed=0, **AROUND), nr.task("periodic_output", dt=0.02)
    how = {"batch": 2, "rate": 0.01, "progress": False}
    whole = nr.train(net, task, trials=8, **how)
    nr.train(net, task, trials=4, path=tmp_path / "run.h5", **how)
    again = nr.resume(tmp_path / "run.h5", trials=8, progress=False)
    assert np.array_equal(again.network.recurrent, whole.network.recurrent)
    assert not np.array_equal(whole.network.recurrent, net.recurrent)


# Spikes as a list ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown():
    rng = np.random.default_rng(0)
    net = nr.Network.random(3, 6, 1, cell="lif", dt=DT, seed=0)
    return nr.simulate(net, nr.Trials((rng.random((50, 2, 3)) < 0.5) * 3.0, dt=DT), engine="reference")


def test_spikes_are_listed_trial_by_trial_in_time(shown):
    found, again = shown.spikes(), np.zeros_like(shown.states["z"])
    again[found["step"], found["trial"], found["unit"]] = 1
    assert np.array_equal(again, shown.states["z"])
    assert 10 < found.sizes["spike"] < again.size
    order = np.lexsort((found["unit"], found["step"], found["trial"]))
    assert np.array_equal(order, np.arange(found.sizes["spike"]))
    assert np.allclose(found["time"], (found["step"] + 1) * DT)


def test_what_is_no_spike_train_is_refused(shown):
    with pytest.raises(ValueRefused, match="v is no spike train: it has other values than 0 and 1"):
        shown.spikes("v")
    with pytest.raises(ValueRefused, match="no state named 'h'; there are z, v, r"):
        shown.spikes("h")


def test_a_run_lists_what_it_recorded():
    net, data = nr.Network.random(3, 6, 1, cell="lif", dt=DT), nr.Trials(np.full((20, 1, 3), 2.0), np.zeros((20, 1, 1)), dt=DT)
    run = nr.train(net, data, trials=2, record=nr.Record(("z",)), engine="reference", progress=False)
    assert set(run.spikes()["trial"].values) == {1, 2}


def test_sonatas_file_holds_them(shown, tmp_path):
    with h5py.File(nr.export.sonata(shown.spikes(), tmp_path / "spikes.h5")) as file:
        one = file["spikes/units_1"]
        assert (one["timestamps"].attrs["units"], one["node_ids"].dtype) == ("ms", np.uint64)
        assert h5py.check_enum_dtype(one.attrs.get_id("sorting").dtype) == {"none": 0, "by_id": 1, "by_time": 2}
        assert one.attrs["sorting"] == 2
        steps, units = np.round(one["timestamps"][...]).astype(int) - 1, one["node_ids"][...].astype(int)
        assert np.all(np.diff(steps) >= 0)
        assert shown.states["z"][steps, 1, units].all()
        assert len(steps) == shown.states["z"][:, 1].sum()


# Tasks --------------------------------------------------------------------------------------------------------------------


def test_a_pattern_is_the_same_whatever_the_seed():
    task, other = nr.task("pattern_generation"), nr.task("pattern_generation", pattern=1)
    one, again = task.trials(1, seed=0), task.trials(2, seed=5)
    assert np.array_equal(again.inputs, np.repeat(one.inputs, 2, axis=1))
    assert np.array_equal(again.targets, np.repeat(one.targets, 2, axis=1))
    assert not np.array_equal(other.trials(1).targets, one.targets)
    assert one.inputs.mean() / task.dt == pytest.approx(50, rel=0.05)
    assert (one.targets[0, 0, 0], np.abs(one.targets).max(), one.inputs[0].sum()) == (0, 1, 0)


def test_a_pattern_is_a_sum_of_its_periods():
    target = nr.task("pattern_generation", periods=(0.5, 0.1)).trials(1).targets[:, 0, 0]
    power = np.abs(np.fft.rfft(target))[1:]  # in 1 Hz steps, from 1 Hz
    assert {int(each) for each in np.argsort(power)[-2:] + 1} == {2, 10}
    assert np.sort(power)[-3] < 1e-9


def test_the_side_of_the_evidence_is_that_with_more_cues():
    task = nr.task("evidence_accumulation", rate=500.0, background=0.0)
    trials = task.trials(40, seed=3)
    groups = trials.inputs.reshape(2250, 40, 4, 10).sum(axis=3)
    at_cue = groups[:1050].reshape(7, 150, 40, 4)
    assert at_cue[:, :50].sum() == 0
    assert groups[1050:2100].sum() == 0
    spoke = at_cue[:, 50:].sum(axis=1) > 0  # (cue, trial, group)
    assert (spoke[..., 0] != spoke[..., 1]).all()
    assert not spoke[..., 2:].any()
    right = spoke[..., 1].sum(axis=0)
    assert np.array_equal(right, trials.conditions["on_the_right"])
    assert np.array_equal(trials.conditions["side"], right > 3)
    assert np.array_equal(trials.targets[-1].argmax(axis=1), trials.conditions["side"])
    assert (trials.mask[:-150].sum(), trials.mask[-150:].mean()) == (0, 1)
    assert groups[-150:, :, 2].mean() == pytest.approx(5, rel=0.02)


def test_the_evidence_is_judged_over_the_answer():
    task = nr.task("evidence_accumulation")
    trials = task.trials(6)
    assert task.score(trials.targets - 0.1, trials).tolist() == [1] * 6
    assert task.score(1 - trials.targets, trials).tolist() == [0] * 6
    early = np.where(trials.mask[..., None] > 0, trials.targets, 100 * (1 - trials.targets))
    assert task.score(early, trials).tolist() == [1] * 6


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("pattern_generation", {"rate": 2000.0}, "more than a spike in each step"),
        ("pattern_generation", {"periods": ()}, "periods must be seconds"),
        ("pattern_generation", {"periods": (0.002,)}, "four time steps of 0.001 s or longer"),
        ("pattern_generation", {"duration": 0.001}, "a single step"),
        ("evidence_accumulation", {"cues": 6}, "cues must be odd"),
        ("evidence_accumulation", {"p_more": 1.5}, "p_more must be a probability from 0.5 to 1"),
        ("evidence_accumulation", {"background": 2000.0}, "more than a spike in each step"),
        ("evidence_accumulation", {"gap": 0.0001}, "shorter than a time step"),
    ],
)
def test_settings_that_make_no_trial_are_refused(name, settings, said):
    with pytest.raises(ValueRefused, match=said):
        nr.task(name, **settings)
