"""Chunks on the GPU, in Numba's simulator: to the last bit the batches one by one, with nothing copied between the first launch and the last."""

from __future__ import annotations

import numpy as np
import pytest
from breadth import examples
from cases import Sizes, network, trials
from crossings import counted
from hypothesis import given
from hypothesis import strategies as st
from laws import PseudoHuber, Quartic
from numba import config

import neurorec as nr
from neurorec.learning.error import error_sent_back
from neurorec.training import chunks
from neurorec.training.parts import Parts
from neurorec.training.settings import TrainingSettings
from neurorec.training.trainer import Trainer

if not config.ENABLE_CUDASIM:
    pytest.skip("runs in Numba's simulator only: NUMBA_ENABLE_CUDASIM=1, as in make test", allow_module_level=True)

from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

from neurorec.engines.base import Stimulus
from neurorec.engines.cuda import CudaEngine
from neurorec.engines.cuda.loss_error import kernel_of
from neurorec.engines.cuda.resident import Resident

TINY = Sizes(units=2, inputs=1, outputs=2, steps=2, trials=1)
small = st.just(TINY) | st.builds(Sizes, st.integers(1, 3), st.integers(0, 2), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2))


@pytest.fixture
def lengths(monkeypatch):
    return noted(monkeypatch)


def noted(monkeypatch):
    """How many batches each chunk had."""
    seen, chunk = [], Resident.chunk
    monkeypatch.setattr(Resident, "chunk", lambda residence, batches: seen.append(len(batches.inputs)) or chunk(residence, batches))
    return seen


def identical(ours, definition):
    pairs = zip(ours.network.parts().values(), definition.network.parts().values(), strict=True)
    logs = ours.log.drop_vars("seconds").identical(definition.log.drop_vars("seconds"))
    return all(np.array_equal(*pair) for pair in pairs) and logs and ours.trajectories().identical(definition.trajectories())


def both(*what, **how):
    """In chunks, and batch by batch."""
    return [nr.train(*what, progress=progress, engine="cuda", **how) for progress in (False, lambda *state: None)]


@given(st.data())
@examples(4)
def test_a_chunk_gives_the_bits_of_its_batches(drawn):
    draw = lambda *choices: drawn.draw(st.sampled_from(choices))  # noqa: E731
    size, optimiser = drawn.draw(small), draw("sgd", "adam")
    loss = draw("mse", "cross_entropy", PseudoHuber(0.3)) if size.outputs > 1 else "mse"
    net = network(size, draw("leaky_tanh", "leaky_tanh", "gru"), noise=draw(0.0, 0.05) if size.inputs else 0.05)
    net = net.replace(plastic=("recurrent", "input", "readout", "bias", *draw((), tuple(net.parameters)[:1])))
    with pytest.MonkeyPatch.context() as patch:
        lengths = noted(patch)
        ours, definition = both(
            net, trials(size, loss=loss if isinstance(loss, str) else "mse"), loss=loss, rule=draw("rflo", "bptt"), optimiser=optimiser,
            feedback=draw(None, "kolen_pollack"), clip=draw(None, 0.02), weight_decay=draw(0.0, 0.1), anneal=draw(1.0, 0.1), rate=0.01,
            trials=3 * size.trials, batch=size.trials, start=draw("initial", "carried"), record=nr.Record(("output", "h"), every=draw(1, 3), checkpoints=1),
        )  # fmt: skip
    assert lengths == [2] and identical(ours, definition)  # the first tells how long trials are


def test_what_crosses_in_a_chunk_does_not_grow_with_its_batches(monkeypatch):
    crossed, chunk = counted(monkeypatch, FakeCUDAArray), Resident.chunk
    found = []

    def watched(residence, batches):
        first = len(crossed)
        learnt = chunk(residence, batches)
        found.append((len(batches.inputs), crossed[first:]))
        return learnt

    monkeypatch.setattr(Resident, "chunk", watched)
    for n in (2, 4):
        nr.train(network(TINY, noise=0.1), trials(TINY), engine="cuda", trials=1 + n, progress=False, record=nr.Record((), checkpoints=1))
    assert [n for n, _ in found] == [2, 4]
    assert [len(sizes) for _, sizes in found] == [
        10,
        10,
    ]  # inputs, state, targets, shares and two words of noise; sums, states and readouts back


def begun():
    """A training by Adam after its first batch."""
    parts = Parts.of(trials(TINY), "rflo", "cuda", None, "adam", None)
    trainer = Trainer(network(TINY, noise=0.05), parts, TrainingSettings(trials=9, batch=1, rate=0.01, start="carried"))
    trainer.learn(trainer.trials(0, 1), 0)
    return trainer


def state_of(trainer):
    return [each.copy() for each in (*trainer.state, trainer.start.vector)]


def same(ours, theirs):
    return all(np.array_equal(*pair) for pair in zip(ours, theirs, strict=True))


def test_a_chunk_that_is_undone_leaves_everything_as_it_was(monkeypatch):
    trainer = begun()
    before = state_of(trainer)
    monkeypatch.setattr(chunks, "UNBEARABLE", 0)
    assert chunks.learn(trainer, trainer.trials(1, 2), 1, np.zeros(2, bool), lambda loss: 2) is None
    assert same(state_of(trainer), before)


def test_a_chunk_ends_where_it_is_enough():
    ours, theirs = begun(), begun()
    chunk = chunks.learn(ours, ours.trials(1, 3), 1, np.ones(3, bool), lambda loss: 1)
    theirs.learn(theirs.trials(1, 1), 1)
    assert chunk is not None and len(chunk.row["loss"]) == 1 and same(state_of(ours), state_of(theirs))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the simulator's own, of numbers that become too large
def test_it_says_after_how_many_batches_a_weight_was_no_number():
    trainer, seen, chunk = begun(), [], Resident.chunk
    residence = trainer.residence
    residence.rates.copy_to_device(np.full(residence.rates.shape, 3e38, np.float32))
    residence.chunk = lambda batches: seen.append(chunk(residence, batches)) or seen[0]
    assert chunks.learn(trainer, trainer.trials(1, 3), 1, np.zeros(3, bool), lambda loss: 3) is None
    assert 0 <= seen[0].done < 3 and seen[0].alignment.shape == (seen[0].done,)


@pytest.mark.parametrize("loss", [nr.names("losses"), PseudoHuber(0.5)], ids=["linked", "own"])
@given(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 4)), st.integers(0, 1000))
@examples(3)
def test_the_error_is_the_losss(loss, shape, seed):
    from neurorec.discovery import shared

    rng = np.random.default_rng(seed)
    for each in [shared("losses", name) for name in loss] if isinstance(loss, list) else [loss]:
        readout, targets = rng.normal(size=(2, *shape)).astype(np.float32)
        share = rng.random(shape[:2]).astype(np.float32)
        stimulus = Stimulus(np.zeros((*shape[:2], 0), np.float32), np.zeros((1, 1, 1)), None, targets, share)
        found = np.asarray(CudaEngine().error(readout, stimulus, each))
        assert np.allclose(found, error_sent_back(readout, targets, share, each), rtol=0, atol=1e-6)


def test_a_loss_that_is_no_law_of_single_numbers_is_learnt_from_batch_by_batch(lengths):
    assert kernel_of(Quartic()) is None
    ours, theirs = (
        nr.train(network(TINY), trials(TINY), engine=each, loss=Quartic(), trials=3, progress=False).network for each in ("cuda", "numba")
    )
    assert not lengths and np.abs(ours.recurrent - theirs.recurrent).max() < 1e-5


def test_weights_that_change_at_every_step_go_batch_by_batch(lengths):
    nr.train(network(TINY).replace(plastic=("recurrent",)), trials(TINY), engine="cuda", update="step", trials=3, progress=False)
    assert not lengths
