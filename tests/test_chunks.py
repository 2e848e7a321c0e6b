"""Chunks: many batches a call of the engine, to the last bit the batches one by one, which a hook of the caller's makes of a training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from breadth import examples
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.base.residence import HostResidence
from neurorec.engines.numba import NumbaEngine
from neurorec.errors import DivergenceError
from neurorec.learning.law import OPERATIONS, elementwise, optimiser_law
from neurorec.learning.losses.cross_entropy import CrossEntropy
from neurorec.progress import NowAndThen
from neurorec.training import chunks

WEIGHTS = ("recurrent", "input", "readout", "bias")
RATES = {"sgd": 0.03, "adam": 0.003, "rmsprop": 0.001}


def data(inputs: int, outputs: int, steps: int = 7, count: int = 11, loss: str = "mse") -> nr.Trials:
    rng = np.random.default_rng(1)
    targets = rng.normal(size=(steps, count, outputs)) if loss == "mse" else rng.dirichlet(np.ones(outputs), size=(steps, count))
    arrays = rng.normal(size=(steps, count, inputs)), targets, rng.random((steps, count)) + 0.1
    return nr.Trials(*arrays, conditions={"number": np.arange(count)}, loss=loss)


def both(network: nr.Network, task, **settings) -> tuple[nr.Run, nr.Run]:
    """In chunks, and batch by batch."""
    ours = nr.train(network, task, progress=False, **settings)
    return ours, nr.train(network, task, progress=lambda *state: None, **settings)


def identical(ours: nr.Run, definition: nr.Run) -> bool:
    pairs = zip(ours.network.parts().values(), definition.network.parts().values(), strict=True)
    weights = all(np.array_equal(a, b) for a, b in pairs)
    logs = ours.log.drop_vars("seconds").identical(definition.log.drop_vars("seconds"))
    return weights and logs and ours.trajectories().identical(definition.trajectories())


@examples(15)
@given(st.data())
def test_a_chunk_gives_the_bits_of_its_batches(drawn):
    draw = lambda *choices: drawn.draw(st.sampled_from(choices))  # noqa: E731
    inputs, outputs, optimiser, clip = draw(0, 2), draw(1, 2, 9), draw(*RATES), draw(None, 0.02, 50.0)
    loss = draw("mse", "cross_entropy") if outputs > 1 else "mse"
    cell, parameter = draw(("leaky_tanh", None), ("leaky_tanh", "tau"), ("lif", "tau_m"), ("cornn", None), ("gru", "b_n"))
    network = nr.Network.random(inputs, draw(1, 5, 33), outputs, cell=cell, noise=draw(0.0, 0.05) if inputs else 0.05, initial=0.1, seed=1)
    network = network.replace(plastic=(*WEIGHTS, parameter) if parameter else WEIGHTS)
    record = nr.Record(("output", network.formula.states[0], "input"), every=draw(1, 3), reduce=draw(None, "mean"), checkpoints=draw(1, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "GROWTH", draw(2, 5, 1000))
        ours, definition = both(
            network, data(inputs, outputs, draw(1, 7), loss=loss), rule=draw("rflo", "bptt", "readout_only"), feedback=draw(None, "symmetric", "sign_symmetric", "kolen_pollack"), optimiser=optimiser, rate=RATES[optimiser], clip=clip, anneal=draw(1.0, 0.1),
            weight_decay=draw(0.0, 0.1), batch=draw(1, 2, 9), start=draw("initial", "carried"), trials=draw(29, 40), record=record,
        )  # fmt: skip
    assert identical(ours, definition)


@examples(12)
@given(st.data())
def test_a_chunk_of_batches_whose_weights_change_at_every_step_gives_their_bits(drawn):
    draw = lambda *choices: drawn.draw(st.sampled_from(choices))  # noqa: E731
    way, cell, rule, optimiser = draw(
        ("fused", "leaky_tanh", "rflo", "sgd"), ("fused", "cornn", "rflo", "sgd"), ("low_rank", "leaky_tanh", "rflo", "sgd"),
        ("causal", "leaky_tanh", "rtrl", "sgd"), ("causal", "gru", "rflo", "adam"),
    )  # fmt: skip
    (inputs, outputs), noise = draw((0, 1), (2, 3)), draw(0.0, 0.05)
    network = nr.Network.random(inputs, draw(1, 5, 17), outputs, cell=cell, noise=noise, initial=0.1, seed=1)
    decay, clip = (0.0, None) if way == "low_rank" else (draw(0.0, 0.1), draw(None, 0.02) if way == "causal" else None)
    task = data(inputs, outputs, draw(1, 7), loss=draw("mse", "cross_entropy") if outputs > 1 else "mse")
    ours, definition = both(
        network, task, engine=NumbaEngine(per_step=way), update="step", rule=rule, feedback=draw(None, "sign_symmetric", "kolen_pollack"), optimiser=optimiser, rate=RATES[optimiser], clip=clip,
        weight_decay=decay, anneal=draw(1.0, 0.1), batch=draw(1, 2, 9), start=draw("initial", "carried"), trials=draw(29, 40), record=nr.Record(("output", network.formula.states[0]), every=draw(1, 3), checkpoints=draw(1, 4)),
    )  # fmt: skip
    assert identical(ours, definition)


def test_chunks_in_double_precision_give_the_same_bits_too():
    engine = NumbaEngine(dtype="float64")
    assert identical(
        *both(nr.Network.random(2, 12, 2, seed=1), data(2, 2), engine=engine, optimiser="adam", rate=0.003, clip=0.05, trials=40)
    )


@pytest.fixture
def lengths(monkeypatch):
    """How many batches each chunk had."""
    seen, chunk = [], HostResidence.chunk

    def spy(residence, batches):
        seen.append(len(batches.inputs))
        return chunk(residence, batches)

    monkeypatch.setattr(HostResidence, "chunk", spy)
    return seen


TASK = nr.task("periodic_output", period=0.3)


def net(outputs: int = 1, **settings) -> nr.Network:
    return nr.Network.random(0, 12, outputs, initial=0.1, seed=2, **settings)


@pytest.mark.parametrize("update", ["trial", "step"])
def test_chunks_are_taken_and_end_at_snapshots(lengths, update):
    run = nr.train(net(), TASK, update=update, trials=200, progress=False, record=nr.Record(checkpoints=3))
    assert run.checkpoints == (0, 100, 200) and sum(lengths) == 199 and len(lengths) < 20


def test_a_hook_that_is_content_with_less_is_called_between_chunks(lengths):
    called = []
    ours = nr.train(net(), TASK, trials=100, progress=NowAndThen(lambda *state: called.append(state)))
    assert max(lengths) > 1 and len(called) < 100 and called[-1][:2] == (100, 100)
    assert identical(ours, nr.train(net(), TASK, trials=100, progress=lambda *state: None))


@pytest.mark.parametrize("update", ["trial", "step"])
def test_a_run_goes_on_from_within_a_chunk_to_the_same_end(tmp_path, update):
    how = {"trials": 90, "batch": 2, "optimiser": "adam", "rate": 0.003, "update": update}
    straight = nr.train(net(), TASK, progress=False, **how)
    nr.train(net(), TASK, path=tmp_path / "run.h5", progress=lambda done, *rest: done < 38, **how)
    assert nr.resume(tmp_path / "run.h5", trials=62, progress=False).done == 62
    assert identical(nr.resume(tmp_path / "run.h5", progress=False), straight)


def test_a_criterion_is_met_after_the_same_batch(lengths):
    ours, definition = both(net(), TASK, trials=2000, batch=3, rate=0.03, stop_below=0.2)
    assert ours.done == definition.done < 2000 and max(lengths) > 1
    assert np.array_equal(ours.log["loss"].values, definition.log["loss"].values, equal_nan=True)
    assert np.array_equal(ours.network.recurrent, definition.network.recurrent)


@pytest.mark.parametrize("how", [{"rule": "bptt"}, {"update": "step"}], ids=["trial", "step"])
def test_what_diverges_within_a_chunk_says_so_as_ever_and_keeps_the_last_good_weights(tmp_path, lengths, how):
    said, kept = [], []
    for name, progress in (("ours", False), ("definition", lambda *state: None)):
        with pytest.raises(DivergenceError) as error:
            nr.train(net(gain=3.0), TASK, rate=30.0, trials=500, **how, path=tmp_path / f"{name}.h5", progress=progress)
        said.append(str(error.value).replace(name, ""))
        kept.append(nr.open_run(tmp_path / f"{name}.h5"))
    assert said[0] == said[1] and (lengths or how != {"rule": "bptt"})
    assert kept[0].done == kept[1].done and np.array_equal(kept[0].network.recurrent, kept[1].network.recurrent)


def test_a_loss_that_is_large_by_nature_is_learnt_from_batch_by_batch():
    rng = np.random.default_rng(0)
    ours, definition = both(net(), nr.Trials(np.zeros((5, 3, 0)), 300 * rng.normal(size=(5, 3, 1))), rate=1e-6, trials=40)
    assert ours.log["loss"].values.max() > 1e4 and identical(ours, definition)


class Twice(CrossEntropy):
    """An error of its own, under a link that is another's."""

    @staticmethod
    def error(outputs, targets):
        return 2 * CrossEntropy.error(outputs, targets)


def test_an_error_of_ones_own_is_not_taken_for_that_of_an_inherited_link(lengths):
    ours, other = (
        nr.train(net(outputs=3), data(0, 3, loss="cross_entropy"), loss=each, rate=0.03, trials=20, progress=False)
        for each in (Twice(), "cross_entropy")
    )
    assert sum(lengths) == 19 and not np.array_equal(ours.network.readout, other.network.readout)


@dataclass(frozen=True)
class HeavyBall(nr.AbstractOptimiser):
    """One law of a user's own."""

    beta: float = 0.5
    slots = ("velocity",)

    @staticmethod
    def step(weight, change, slots, rate, count, settings):
        slots[0] = settings[0] ** (1 / count) * slots[0] + change * (weight > 0)
        return rate * slots[0] / (1 + np.sqrt(abs(weight)))


@dataclass(frozen=True)
class Branching(nr.AbstractOptimiser):
    """One that asks what it is given."""

    @staticmethod
    def step(weight, change, slots, rate, count, settings):
        return rate * change if count < 3 else rate * np.sign(change)


def test_an_optimiser_of_ones_own_is_learnt_with_in_chunks_if_it_is_a_law_of_single_numbers(lengths):
    assert identical(*both(net(), TASK, optimiser=HeavyBall(), trials=40)) and max(lengths) > 1
    lengths.clear()
    assert identical(*both(net(), TASK, optimiser=Branching(), trials=40)) and not lengths


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_law_is_what_numpy_computes(dtype):
    functions = (
        lambda a, b: a - b, lambda a, b: 0.1 * a + (1 - 0.1) * b / 3, lambda a, b: (a > b) * np.float32(1) - (a <= 0.5) * np.float32(1),
        lambda a, b: -abs(a) ** 2 + np.sqrt(b * b), lambda a, b: a,
    )  # fmt: skip
    a, b = np.random.default_rng(0).normal(size=(2, 50)).astype(dtype)
    for function in functions:
        law = elementwise(function, dtype)
        registers = [a, b, *law.values(range(1))[0]]
        for operation, _, x, y in law.code:
            ufunc = getattr(np, OPERATIONS[operation])
            registers.append(ufunc(*[registers[x], registers[y]][: ufunc.nin]).astype(dtype))
        assert np.array_equal(registers[law.results[0]], function(a, b))


@pytest.mark.parametrize(
    "function",
    [CrossEntropy.error, lambda a, b: a**3, lambda a, b: np.exp(a), lambda a, b: a if a > b else b, lambda a, b: a.sum() * b, lambda a, b: a * np.float64(2),
     lambda a, b: (a > b) * (b > a), lambda a, b: np.add(a, b, out=a), lambda a, b: a[0] * b, lambda a, b: np.where(a == b, a, b), lambda a, b: 1.0],
)  # fmt: skip
def test_what_is_more_than_a_law_of_single_numbers_is_none(function):
    assert elementwise(function, np.float32) is None


def test_an_optimiser_that_looks_at_other_weights_has_no_law():
    @dataclass(frozen=True)
    class Normalised(nr.AbstractOptimiser):
        @staticmethod
        def step(weight, change, slots, rate, count, settings):
            return rate * change / np.linalg.norm(change)

    assert optimiser_law(Normalised(), np.float32) is None
