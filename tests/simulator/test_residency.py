"""Weights that live on the GPU through a whole training, in Numba's simulator: they are the CPU's, and nobody carries them to and fro."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from breadth import THOROUGH
from cases import Sizes, difference, network, trials
from crossings import counted
from laws import HeavyBall, Mixed
from numba import config

import neurorec as nr
from neurorec.errors import DivergenceError, NotOffered, SilentNetworkWarning
from neurorec.learning.optimisers.base import AbstractOptimiser
from neurorec.runs import trial_log

if not config.ENABLE_CUDASIM:
    pytest.skip("runs in Numba's simulator only: NUMBA_ENABLE_CUDASIM=1, as in make test", allow_module_level=True)

from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

from neurorec.engines.cuda import CudaEngine
from neurorec.engines.cuda.resident import Resident

TINY = Sizes(units=3, inputs=2, outputs=3, steps=3, trials=2)
TRAININGS = [
    *(("leaky_tanh", each) for each in ([*nr.names("optimisers"), HeavyBall] if THOROUGH else ["sgd", HeavyBall])),
    ("gru", "adam"),
    ("complex_modrelu", "rmsprop"),
]
# All that an update knows of; rates small enough that rounding is not magnified by what the network becomes.
EVERYTHING = {
    "trials": 6, "batch": 2, "clip": 0.05, "weight_decay": 0.1, "feedback": "kolen_pollack", "anneal": 0.2, "rate": 0.01,
    "gradient_angle": 2, "progress": False,
}  # fmt: skip


def masked(net):
    """Some synapses of every weight, and some of the time constants."""
    rng = np.random.default_rng(1)
    return {name: (rng.random(shape_of(net, name)) < 0.6) | (np.indices(shape_of(net, name)).sum(axis=0) == 0) for name in net.plastic}


def shape_of(net, name):
    return (net.units,) if name in net.parameters else getattr(net, name).shape


@pytest.mark.parametrize(("cell", "optimiser"), TRAININGS)
def test_a_training_with_everything_is_the_cpus(cell, optimiser):
    net, data = network(TINY, cell), trials(TINY)
    settings = {**EVERYTHING, "optimiser": optimiser, "plastic": masked(net)}
    ours, theirs = (nr.train(net, data, engine=engine, **settings) for engine in ("cuda", "numba"))
    for name, expected in theirs.network.parts().items():
        assert difference(ours.network.parts()[name], expected) < CudaEngine.tolerance, name
        assert not np.array_equal(expected, net.parts()[name]) or name == "initial", name
    for name in ("loss", "alignment", "angle"):
        assert np.allclose(ours.log[name], theirs.log[name], rtol=1e-3, atol=1e-3, equal_nan=True), name
    for name, mask in settings["plastic"].items():
        if name not in net.parameters:
            assert np.array_equal(getattr(ours.network, name)[~mask], getattr(net, name)[~mask]), name


def test_a_time_constant_stays_above_the_time_step():
    net = network(TINY).replace(parameters={"tau": np.full(TINY.units, 0.025)}, plastic=("recurrent", "tau"))
    settings = {"trials": 4, "batch": 2, "rate": 0.3, "weight_decay": 1.0, "clip": 0.001, "progress": False}  # it decays to 0.7 of itself
    ours, theirs = (nr.train(net, trials(TINY), engine=each, **settings).network.parameters["tau"] for each in ("cuda", "numba"))
    assert theirs.max() < 0.0201 and np.array_equal(ours, theirs) and ours.min() > net.dt


SCHEDULES = [
    *((name, "trial") for name in (nr.names("optimisers") if THOROUGH else ["adam"])),
    ("sgd", "step"),
]  # other optimisers do not learn at every step there


@pytest.mark.parametrize(("optimiser", "update"), SCHEDULES)
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(optimiser, update, tmp_path):
    net, data = network(TINY).replace(plastic=("recurrent", "input", "readout", "bias")), trials(TINY)
    settings = {"engine": "cuda", "trials": 3, "batch": 1, "optimiser": optimiser, "update": update, "anneal": 0.5}
    whole = nr.train(net, data, progress=False, **settings)
    stopped = nr.train(net, data, path=tmp_path / "run.h5", progress=lambda done, *_: done < 2, **settings)
    assert stopped.done == 2
    gone_on = nr.resume(tmp_path / "run.h5", task=data, progress=False)
    for name, expected in whole.network.parts().items():
        assert np.array_equal(gone_on.network.parts()[name], expected), name
    assert np.array_equal(gone_on.log["loss"], whole.log["loss"])


@pytest.fixture
def crossings(monkeypatch):
    """How many numbers each copy between host and GPU takes along."""
    return counted(monkeypatch, FakeCUDAArray)


# No array of activity is as long as one of weights.
UNLIKE = Sizes(units=7, inputs=3, outputs=2, steps=2, trials=4)
STATES, SEEN, ANSWERS = 4 * 7, 2 * 4 * (3 + 1), 2 * 4 * 2  # of units at one step; inputs and a one; readouts, errors or targets
NUMBERS = {2, 5, 6, 2 * 4}  # words of the noise's counter; rates, one a kind of weight; sums of a survey; shares of steps


@pytest.mark.parametrize(
    ("way", "optimiser", "update"),
    [("on_chip", "sgd", "trial"), ("across_chip", "rmsprop", "trial"), ("apart", "adam", "trial"), (None, "sgd", "step")],
)
def test_no_weights_cross_between_two_checkpoints(optimiser, update, way, crossings, monkeypatch):
    monkeypatch.setattr(trial_log, "FLUSH_SECONDS", np.inf)
    net = network(UNLIKE, noise=0.1)
    net = net.replace(plastic=("recurrent", "input", "readout", "bias", *(() if update == "step" else ("tau",))))
    seen = []
    nr.train(
        net, trials(UNLIKE), engine=CudaEngine(way), trials=12, batch=4, optimiser=optimiser, update=update, anneal=0.5, weight_decay=0.1,
        clip=None if update == "step" else 0.1, record=nr.Record(("output",), checkpoints=2), progress=lambda *_: seen.append(len(crossings)),
    )  # fmt: skip
    batches = [crossings[first:last] for first, last in pairwise(seen[:-1])]  # after the last one there is a snapshot
    assert len(batches) == 1 and all(SEEN in each for each in batches)  # trials do cross
    assert set().union(*batches) - {STATES, SEEN, ANSWERS} - NUMBERS == set()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the simulator's own, of numbers that become too large
def test_a_training_that_diverges_keeps_the_weights_of_before(tmp_path):
    net, data, path = network(TINY), trials(TINY), tmp_path / "run.h5"
    settings = {"engine": "cuda", "batch": 2, "rate": 1e18, "optimiser": "adam", "progress": False}
    with pytest.raises(DivergenceError):
        nr.train(net, data, trials=20, path=path, **settings)
    kept = nr.open_run(path)
    before = nr.train(net, data, trials=max(kept.done, 1), **settings).network if kept.done else net
    for name, expected in before.parts().items():
        assert np.array_equal(kept.network.parts()[name].astype(np.float32), expected.astype(np.float32)), name


def test_a_parametrised_networks_weights_stay_with_the_map():
    net = nr.Network.random(2, 4, 3, cell="modrelu", parametrisation="cayley", dt=0.02, seed=1)
    ours, theirs = (
        nr.train(net, trials(TINY), engine=each, rule="bptt", trials=2, batch=1, optimiser="adam", progress=False).network
        for each in ("cuda", "numba")
    )
    assert difference(ours.recurrent, theirs.recurrent) < CudaEngine.tolerance
    assert np.allclose(ours.recurrent @ ours.recurrent.T, np.eye(4), atol=1e-5)


def test_a_silent_network_is_told_of_on_the_gpu_too():
    net = nr.Network.random(0, 4, 1, dt=0.02).replace(initial=np.zeros(4))
    with pytest.warns(SilentNetworkWarning):
        nr.train(net, nr.Trials(np.zeros((3, 1, 0)), np.ones((3, 1, 1)), dt=0.02), engine="cuda", trials=3, rule="bptt",
                 plastic=("recurrent",), progress=False)  # fmt: skip


def test_a_feedback_with_settings_is_compiled():
    net, data = network(TINY), trials(TINY)
    settings = {"trials": 4, "batch": 2, "feedback": Mixed(0.25), "optimiser": HeavyBall(0.3), "rate": 0.01, "progress": False}
    ours, theirs = (nr.train(net, data, engine=each, **settings).network for each in ("cuda", "numba"))
    assert difference(ours.recurrent, theirs.recurrent) < CudaEngine.tolerance


def test_a_law_that_the_gpus_compiler_cannot_find_is_refused():
    @dataclass(frozen=True)
    class Hidden(AbstractOptimiser):
        @staticmethod
        def step(weight, change, slots, rate, count, settings):
            return rate * change

    with pytest.raises(NotOffered, match="top of its module"):
        nr.train(network(TINY), trials(TINY), engine="cuda", optimiser=Hidden, trials=1, progress=False)


def test_an_update_that_is_undone_leaves_weights_and_memory_as_they_were():
    from neurorec.engines.base.residence import Pace
    from neurorec.simulation.loss import weighted_error
    from neurorec.simulation.stimulus import stimulus
    from neurorec.training.parts import Parts
    from neurorec.training.settings import TrainingSettings
    from neurorec.training.trainer import Trainer

    net, data = network(TINY), trials(TINY)
    parts = Parts.of(data, "rflo", "cuda", None, "adam", None)
    trainer = Trainer(net, parts, TrainingSettings(trials=4, batch=2, rate=0.01))
    residence, given = trainer.residence, stimulus(net, data, np.float32, 0)
    assert isinstance(residence, Resident)
    before = [each.copy() for each in residence.state()]
    activity = residence.forward(given)
    change = residence.change(given, activity, weighted_error(activity.readout, data), parts.rule, parts.feedback)
    residence.step(change, Pace(0, 1.0))
    assert not any(np.array_equal(*pair) for pair in zip(residence.state(), before, strict=True))
    residence.undo()
    assert all(np.array_equal(*pair) for pair in zip(residence.state(), before, strict=True))
