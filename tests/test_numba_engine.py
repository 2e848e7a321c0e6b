"""The compiled engine's options: float64, threads; and that calls do not depend on what was called before."""

from __future__ import annotations

import numpy as np
import pytest
from breadth import examples
from cases import ORDINARY, Sizes, network, sizes, trials
from hypothesis import given, settings
from hypothesis import strategies as st

import neurorec as nr
from neurorec.engines.numba import NumbaEngine, threads
from neurorec.engines.numba.compile import loops
from neurorec.engines.numba.threads import Threads, part
from neurorec.errors import ValueRefused

WIDE = st.builds(Sizes, st.integers(1, 70), st.integers(0, 3), st.sampled_from([1, 3, 9, 17]), st.integers(1, 6), st.integers(1, 13))


def assert_alike(ours, definition, tolerance):
    largest = max(np.abs(change).max() for change in definition.values() if change.size)
    for name, change in definition.items():
        assert change.size == 0 or np.abs(ours[name] - change).max() <= tolerance * max(largest, 1e-6), name


@pytest.mark.parametrize("cell", nr.names("cells"))
@given(size=sizes, seed=st.integers(0, 1000), rule=st.sampled_from(["rflo", "bptt", "random_feedback_bptt"]))
@examples(4)
def test_in_float64_changes_are_the_references_to_ten_digits(cell, size, seed, rule):
    net, data = network(size, cell, seed, noise=0.05), trials(size, seed)
    engine = NumbaEngine(dtype="float64")
    ours, definition = (nr.weight_change(net, data, rule=rule, engine=each, seed=seed) for each in (engine, "reference"))
    assert_alike(ours, definition, engine.tolerance)
    simulated, exact = (nr.simulate(net, data, engine=each, seed=seed) for each in (engine, "reference"))
    assert simulated.outputs.dtype == np.float64
    np.testing.assert_allclose(simulated.outputs, exact.outputs, rtol=0, atol=engine.tolerance * max(1, np.abs(exact.outputs).max()))


@pytest.mark.parametrize("rule", ["rflo", "bptt"])
@given(size=WIDE, seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_sizes_that_are_no_multiple_of_anything_are_the_references(rule, size, seed):
    net, data = network(size, "leaky_tanh", seed), trials(size, seed)
    ours, definition = (nr.weight_change(net, data, rule=rule, engine=each) for each in ("numba", "reference"))
    assert_alike(ours, definition, 1e-4)


@pytest.mark.parametrize("update", ["step", "trial"])
def test_float64_learns_as_the_reference_does(update):
    net, data = network(ORDINARY), trials(ORDINARY)
    ours, definition = (
        nr.train(net, data, engine=engine, trials=6, batch=2, update=update, rate=0.1, progress=False).network
        for engine in (NumbaEngine(dtype="float64"), "reference")
    )
    assert np.abs(ours.recurrent - definition.recurrent).max() < 1e-10
    assert np.abs(ours.recurrent - net.recurrent).max() > 1e-3


def test_a_resumed_training_goes_on_in_the_same_float_type(tmp_path):
    net, data = network(ORDINARY), trials(ORDINARY)
    engine = NumbaEngine(dtype="float64", threads=2)
    assert engine.settings == {"dtype": "float64", "threads": 2} and NumbaEngine().settings == {}
    at_once = nr.train(net, data, engine=engine, trials=8, batch=2, rate=0.1, progress=False).network
    nr.train(net, data, engine=engine, trials=4, batch=2, rate=0.1, progress=False, path=tmp_path / "run.h5")
    resumed = nr.resume(tmp_path / "run.h5", trials=8, task=data, progress=False).network
    np.testing.assert_array_equal(resumed.recurrent, at_once.recurrent)
    assert (at_once.recurrent != at_once.recurrent.astype(np.float32)).any()


@pytest.mark.parametrize("rule", ["rflo", "bptt"])
@given(size=st.builds(Sizes, st.integers(1, 70), st.just(2), st.just(2), st.integers(1, 6), st.integers(1, 23)), seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_any_number_of_threads_gives_the_same_bits(rule, size, seed):
    net, data = network(size, "lstm", seed, noise=0.05), trials(size, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "LEAST", 1)  # however small
        found = [nr.weight_change(net, data, rule=rule, engine=NumbaEngine(threads=n)) for n in (1, 2, 3)]
    for each in found[1:]:
        assert all((each[name] == found[0][name]).all() for name in each)


def test_a_trial_has_the_same_bits_in_any_batch():
    size = Sizes(33, 2, 2, 9, 7)
    net, data = network(size), trials(size)
    together = nr.simulate(net, data).outputs
    alone = [nr.simulate(net, data.take(np.array([k]))).outputs for k in range(size.trials)]
    assert (together == np.concatenate(alone, axis=1)).all()


@given(count=st.integers(1, 200), number=st.integers(1, 9))
def test_shares_are_whole_blocks_and_make_up_the_whole(count, number):
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "LEAST", 1)
        Threads(number).share(lambda first, last: seen.append((first, last)), (), count, 10)
    seen.sort()
    assert seen[0][0] == 0 and seen[-1][1] == count and all(a[1] == b[0] for a, b in zip(seen, seen[1:], strict=False))
    assert all(first % threads.ROWS == 0 for first, _ in seen)
    assert part(count, number) * len(seen) >= count or len(seen) == 1


def test_small_batches_stay_in_one_thread():
    assert Threads(8).worth(count=1, work=10**9) == 1  # one trial cannot be shared
    assert Threads(8).worth(count=32, work=1000) == 1
    assert Threads(8).worth(count=32, work=threads.LEAST) == 8
    assert Threads(1).worth(count=32, work=threads.LEAST) == 1


def test_an_error_in_a_thread_is_raised():
    def fail(first, last):
        raise ArithmeticError(f"{first}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "LEAST", 1)
        with pytest.raises(ArithmeticError, match="0"):
            Threads(2).share(fail, (), 16, 10)


@pytest.mark.parametrize(
    ("option", "text"), [({"dtype": "float16"}, "'float32' or 'float64'"), ({"threads": 0}, "threads must be a whole number")]
)
def test_an_option_that_makes_no_sense_is_refused(option, text):
    with pytest.raises(ValueRefused, match=text):
        NumbaEngine(**option)


def test_an_engine_may_be_used_for_one_network_after_another():
    """What it found of one network must not be taken for another's."""
    engine, data = NumbaEngine(), trials(ORDINARY)
    nets = [network(ORDINARY, "leaky_tanh", 0), network(ORDINARY, "leaky_tanh", 1), network(ORDINARY, "gru", 2)]
    for net in (*nets, *nets):
        fresh, again = (nr.weight_change(net, data, rule="bptt", engine=each) for each in (NumbaEngine(), engine))
        assert all((fresh[name] == again[name]).all() for name in fresh)


def test_one_compiled_loop_serves_every_model_optimiser_feedback_and_loss():
    """Compiling one takes ten seconds and more; what it calls of a model or of what teaches it takes one."""
    engine, loops_, found = NumbaEngine(per_step="causal"), loops("float32"), []
    for cell, optimiser, feedback, loss in (("leaky_tanh", "adam", "random", "mse"), ("gru", "sgd", "sign_symmetric", "cross_entropy")):
        net, data = network(ORDINARY, cell), trials(ORDINARY, loss=loss)
        more = {"engine": engine, "optimiser": optimiser, "feedback": feedback, "trials": 4, "batch": 2, "rate": 0.01, "progress": False}
        nr.train(net, data, update="step", **more)
        nr.weight_change(net, data, rule="rflo", engine=engine)
        found.append([len(each.signatures) for each in (loops_.causal.causal, loops_.kernels.forward, loops_.kernels.reverse_scan)])
    assert found[0] == found[1]
    assert found[0][1:] == [1, 1]
