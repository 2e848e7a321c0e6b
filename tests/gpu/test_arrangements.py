"""Every arrangement of the GPU's engine, at real sizes and in as many blocks as the GPU has room for, against the CPU's in float32.

They need no more than what the engine itself imports, so that ``make gpu PYTHON=python3`` runs them with what is there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from crossings import counted
from gpu_sizes import LEARNING, SIZES
from laws import PseudoHuber

import neurorec as nr

pytestmark = pytest.mark.gpu
CLOSE = 1e-4  # of the largest entry: two float32 engines that add in different orders
MOVED = 1e-3  # the same, of weights' movement, which is a small difference of them
ROUNDED = 1e-2  # where factors are rounded to TF32
WAYS = ("on_chip", "across_chip", "apart")


def engine(arrangement=None, **settings):
    from neurorec.engines.cuda import CudaEngine

    return CudaEngine(arrangement, **settings)


def model(units, trials, steps, cell="leaky_tanh"):
    """A network with noise, and trials of which some steps do not count."""
    rng = np.random.default_rng(units + trials)
    net = nr.Network.random(2, units, 3, cell=cell, gain=1.2, noise=0.05, dt=0.02, seed=1)
    shape = (steps, trials)
    mask = (rng.random(shape) > 0.3).astype(float)
    mask[-1] = 1
    return net, nr.Trials(rng.normal(size=(*shape, 2)), rng.normal(size=(*shape, 3)), mask, dt=0.02)


def assert_close(ours, theirs, most=CLOSE):
    for name, expected in theirs.items():
        assert np.isfinite(ours[name]).all(), name
        assert np.abs(ours[name] - expected).max(initial=0) <= most * max(np.abs(expected).max(initial=0), 1e-12), name


def assert_alike(runner, net, data, most=CLOSE):
    """What a network does, and what a local and an exact rule make of it: forward pass, local scan, reverse scan."""
    ours, theirs = (nr.simulate(net, data, engine=each) for each in (runner, "numba"))
    assert_close({**ours.states, "output": ours.outputs}, {**theirs.states, "output": theirs.outputs}, most)
    for rule in ("rflo", "bptt"):
        assert_close(*(nr.weight_change(net, data, rule=rule, engine=each) for each in (runner, "numba")), most)


@pytest.mark.parametrize(("arrangement", "units", "trials", "steps"), SIZES)
def test_every_arrangement_at_the_sizes_it_is_chosen_for(arrangement, units, trials, steps):
    assert_alike(engine(), *model(units, trials, steps))


@pytest.mark.parametrize("cell", ["gru", "lstm", "complex_modrelu"])  # parts of a drive; two states; two outputs
@pytest.mark.parametrize("arrangement", WAYS)
def test_every_arrangement_with_cells_of_more_parts(arrangement, cell):
    assert_alike(engine(arrangement), *model(100, 20, 20, cell))


@pytest.mark.parametrize("units", [37, 250])  # not a multiple of anything
@pytest.mark.parametrize("arrangement", WAYS)
def test_sizes_that_fill_no_block(arrangement, units):
    assert_alike(engine(arrangement), *model(units, 3, 20))


@pytest.mark.parametrize(("cell", "units", "trials"), LEARNING)
def test_weights_that_change_at_every_step(cell, units, trials):
    net, data = model(units, trials, 30, cell)
    settings = {"trials": 2 * trials, "batch": trials, "update": "step", "rate": 0.1, "feedback": "kolen_pollack", "progress": False}
    ours, theirs = (nr.train(net, data, engine=each, **settings).network for each in (engine(), "numba"))
    moved = [{name: getattr(each, name) - getattr(net, name) for name in ("recurrent", "input", "readout", "bias", "feedback")}
             for each in (ours, theirs)]  # fmt: skip
    assert_close(*moved, MOVED)


@pytest.mark.parametrize("arrangement", WAYS)
def test_windows_that_are_copied_while_the_next_is_computed(arrangement):
    """Bit for bit what one window gives, whichever of the two sets of arrays a window has."""
    from neurorec.networks.weights import Weights
    from neurorec.simulation.stimulus import stimulus

    net, data = model(200, 4, 64)
    runner = engine(arrangement)
    weights, given = Weights.of(net, runner.dtype), stimulus(net, data, runner.dtype, 5)
    whole = runner.forward(net, weights, given)
    expected = {"states": np.array(whole.states[1:]), "readout": np.array(whole.readout)}
    windows = [
        replace(
            given, noise=given.noise.window(t, t + 16), **{n: getattr(given, n)[t : t + 16] for n in ("inputs", "targets", "loss_weight")}
        )
        for t in range(0, 64, 16)
    ]
    found = [(np.array(each.states[1:]), np.array(each.readout)) for each in runner.stream(net, weights, windows)]
    for name, parts in zip(expected, zip(*found, strict=True), strict=True):
        assert np.array_equal(np.concatenate(parts), expected[name]), name


def test_a_training_is_the_cpus_and_the_same_bits_twice():
    net, data = model(128, 16, 30)
    settings = {"trials": 64, "batch": 16, "rule": "bptt", "optimiser": "adam", "rate": 0.001, "clip": 1.0, "progress": False}
    once, again, theirs = (nr.train(net, data, engine=each, **settings).network for each in (engine(), engine(), "numba"))
    assert np.array_equal(once.recurrent, again.recurrent)
    assert np.abs(once.recurrent - theirs.recurrent).max() < MOVED * np.abs(theirs.recurrent).max()


@pytest.mark.parametrize("loss", ["mse", "cross_entropy", PseudoHuber(0.5)], ids=["mse", "cross-entropy", "own"])
@pytest.mark.parametrize(("units", "trials"), [(128, 16), (1024, 4), (512, 64)])  # of each arrangement one
def test_a_chunk_gives_the_bits_of_its_batches(units, trials, loss, monkeypatch):
    from neurorec.engines.cuda.resident import Resident

    net, data = model(units, trials, 50)
    if loss == "cross_entropy":
        data = replace(data, targets=np.eye(3)[data.targets.argmax(axis=2)], loss=loss)
    lengths, chunk = [], Resident.chunk
    monkeypatch.setattr(Resident, "chunk", lambda residence, batches: lengths.append(len(batches.inputs)) or chunk(residence, batches))
    settings = {
        "trials": 40 * trials, "batch": trials, "optimiser": "adam", "rate": 1e-4, "clip": 0.1, "weight_decay": 0.1, "anneal": 0.5, "start": "carried",
        "loss": loss, "record": nr.Record(("h", "output"), every=8 * trials, checkpoints=1),
    }  # fmt: skip
    ours, batchwise = (nr.train(net, data, engine=engine(), progress=hook, **settings) for hook in (False, lambda *state: None))
    assert max(lengths) > 1
    for name, expected in batchwise.network.parts().items():
        assert np.array_equal(ours.network.parts()[name], expected), name
    assert ours.log.drop_vars("seconds").identical(batchwise.log.drop_vars("seconds"))
    assert ours.trajectories().identical(batchwise.trajectories())


# All that an update knows of: short, and rates so small that rounding is not magnified.
EVERYTHING = {
    "trials": 32, "batch": 8, "rule": "rflo", "clip": 0.05, "weight_decay": 0.1, "feedback": "kolen_pollack", "anneal": 0.2, "progress": False,
}  # fmt: skip


def masked(units):
    """Networks as `model` makes them, some synapses and all time constants of which learn."""
    net, data = model(units, 8, 20)
    rng = np.random.default_rng(2)
    masks = {name: rng.random(getattr(net, name).shape) < 0.6 for name in ("recurrent", "input", "readout", "bias")}
    return net, data, {**masks, "tau": None}


@pytest.mark.parametrize("optimiser", nr.names("optimisers"))
def test_weights_that_stay_on_the_gpu_become_the_cpus(optimiser):
    net, data, plastic = masked(150)  # whose weights fill several blocks of a sum
    settings = {**EVERYTHING, "optimiser": optimiser, "rate": 0.1 if optimiser == "sgd" else 0.001, "plastic": plastic}
    ours, theirs = (nr.train(net, data, engine=each, **settings) for each in (engine(), "numba"))
    assert_close(ours.network.parts(), theirs.network.parts(), MOVED)
    assert np.allclose(ours.log["alignment"], theirs.log["alignment"], atol=MOVED)
    for name, mask in plastic.items():
        if mask is not None:
            assert np.array_equal(getattr(ours.network, name)[~mask], getattr(net, name)[~mask]), name


@pytest.mark.parametrize(("optimiser", "update"), [*((name, "trial") for name in nr.names("optimisers")), ("sgd", "step")])
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(optimiser, update, tmp_path):
    net, data = model(150, 4, 20)
    settings = {"engine": engine(), "trials": 16, "batch": 4, "optimiser": optimiser, "update": update, "rate": 0.001, "anneal": 0.5}
    whole = nr.train(net, data, progress=False, **settings)
    nr.train(net, data, path=tmp_path / "run.h5", progress=lambda done, *_: done < 8, **settings)
    gone_on = nr.resume(tmp_path / "run.h5", task=data, progress=False)
    for name, expected in whole.network.parts().items():
        assert np.array_equal(gone_on.network.parts()[name], expected), name


@pytest.mark.parametrize("arrangement", WAYS)
@pytest.mark.parametrize("update", ["trial", "step"])
def test_no_weights_cross_in_a_batch(update, arrangement, monkeypatch):
    """What is copied is counted by its length: no array of activity is as long as one of weights."""
    from numba.cuda.cudadrv.devicearray import DeviceNDArray

    from neurorec.runs import trial_log

    sizes, seen = counted(monkeypatch, DeviceNDArray), []
    monkeypatch.setattr(trial_log, "FLUSH_SECONDS", np.inf)
    net, data = model(130, 4, 3)
    settings = {"trials": 16, "batch": 4, "update": update, "rate": 0.001, "record": nr.Record(("h", "output"), checkpoints=2)}
    nr.train(net, data, engine=engine(arrangement), progress=lambda *_: seen.append(len(sizes)), **settings)
    during = sizes[seen[0] : seen[-2]]  # after the last batch there is a snapshot
    weights = {each.size for each in net.parts().values()}
    assert during and weights.isdisjoint(during) and max(during) < net.recurrent.size, (during, weights)


def test_factors_rounded_to_tf32_are_asked_for():
    import torch

    net, data = model(1024, 64, 10)
    exact, rounded = (nr.weight_change(net, data, rule="bptt", engine=engine(tf32=each)) for each in (False, True))
    assert_close(rounded, exact, ROUNDED)
    assert not np.array_equal(rounded["recurrent"], exact["recurrent"])
    assert not torch.backends.cuda.matmul.allow_tf32  # put back
