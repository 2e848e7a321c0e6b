"""Numbers of many trials that are drawn in compiled code are those that NumPy's generators draw one by one, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurorec as nr
from neurorec.random_numbers.derived_seeds import LARGEST, words
from neurorec.random_numbers.seeds import generators
from neurorec.random_numbers.streams import OneByOne
from neurorec.random_numbers.together import FEW, Together, streams
from neurorec.tasks.base import signals

shapes = st.one_of(st.just(()), st.integers(0, 9), st.tuples(st.integers(0, 9), st.integers(1, 3)))
ranges = st.tuples(st.integers(-5, 2**40), st.integers(1, 2**32 - 1)).map(lambda pair: (pair[0], sum(pair)))
ARGUMENTS = {
    "random": st.just(()),
    "standard_normal": st.just(()),
    "integers": ranges,
    "geometric": st.tuples(st.one_of(st.floats(1e-9, 1), st.sampled_from([1 / 3, 0.5, 1.0]))),
}
calls = st.sampled_from(list(ARGUMENTS)).flatmap(lambda name: st.tuples(st.just(name), ARGUMENTS[name], shapes))


def both(seed: int, first: int, n: int) -> tuple[OneByOne, Together]:
    return OneByOne(list(generators(seed, 1, first, n))), Together(words(seed, 1, np.arange(first, first + n, dtype=np.uint32)))


def same(found: np.ndarray, wanted: np.ndarray) -> bool:
    return (found.shape, found.dtype) == (wanted.shape, wanted.dtype) and found.tobytes() == wanted.tobytes()


@given(
    seed=st.integers(0, 2**200), first=st.integers(0, LARGEST - 3), n=st.integers(1, 3), asked=st.lists(calls, max_size=8), data=st.data()
)
def test_they_are_numpys_whatever_was_drawn_before(seed, first, n, asked, data):
    alone, together = both(seed, first, n)
    for name, arguments, shape in asked:
        rows = 1 if shape == () else int(np.ravel(shape)[0])
        how = {"shape": shape, "counts": data.draw(st.none() | st.lists(st.integers(0, rows), min_size=n, max_size=n).map(np.array))}
        if name == "random":
            how["dtype"] = data.draw(st.sampled_from([np.float64, np.float32]))
        assert same(getattr(together, name)(*arguments, **how), getattr(alone, name)(*arguments, **how)), name


def test_half_words_are_kept_and_a_single_value_takes_none():
    alone, together = both(0, 0, 2)
    found, wanted = (
        [rng.integers(0, 5, 3), rng.random(2), rng.integers(4, 5, 3), rng.random(4, np.float32), rng.integers(0, 3 * 2**30, 9)]
        for rng in (together, alone)
    )
    assert all(map(same, found, wanted))


@pytest.mark.parametrize(("name", "arguments"), [("standard_normal", ()), ("geometric", (1e-3,)), ("geometric", (0.4,))], ids=str)
def test_rare_numbers_are_numpys_too(name, arguments):
    """Of a quarter of a million normal numbers about seventy are beyond the lowest layer of the ziggurat, and some at the edge of each layer."""
    alone, together = both(3, 0, 2)
    assert same(getattr(together, name)(*arguments, (62_500, 2)), getattr(alone, name)(*arguments, (62_500, 2)))


def test_a_trial_that_draws_nothing_keeps_its_place():
    alone, together = both(0, 0, 2)
    for rng in (alone, together):
        assert rng.integers(1, 5, counts=np.array([True, False]))[1] == 0
    after = together.random()
    assert same(after, alone.random())
    assert after[1] == next(generators(0, 1, 1, 1)).random()


def test_who_asks_for_few_has_them_without_compiling():
    assert isinstance(streams(0, 1, 0, FEW), OneByOne)
    assert isinstance(streams(0, 1, FEW, 1), Together)
    assert isinstance(streams(0, 1, LARGEST, 2), OneByOne)  # beyond the numbers that are one word


@given(data=st.data(), steps=st.integers(1, 12), lines=st.integers(1, 3), events=st.integers(1, 4), longest=st.integers(0, 13))
def test_what_lasts_is_the_same_in_compiled_code(data, steps, lines, events, longest):
    after = data.draw(st.lists(st.integers(0, 6), min_size=events * lines, max_size=events * lines).map(np.array)).reshape(events, lines)
    after[0] = 0
    onset, value = after.cumsum(axis=0), np.arange(1.0, events * lines + 1).reshape(events, lines)
    found, wanted = np.empty((steps, lines)), np.empty((steps, lines))
    signals.loops().lasting(onset, value, longest, -1.0, found)
    signals._lasting(onset, value, longest, -1.0, wanted)
    np.testing.assert_array_equal(found, wanted)
    for step, line in np.ndindex(steps, lines):  # by hand
        latest = max(k for k in range(events) if onset[k, line] <= step)
        assert wanted[step, line] == (value[latest, line] if step - onset[latest, line] < longest else -1)


@given(start=st.lists(st.integers(0, 5), min_size=1, max_size=4).map(np.array), steps=st.integers(1, 4))
def test_windows_are_the_same_in_compiled_code(start, steps):
    shape, beside = np.sqrt(np.arange(9.0)), np.linspace(0, 1, steps)
    found, wanted = np.empty((steps, len(start))), np.empty((steps, len(start)))
    signals.loops().windows(shape, start, beside, found)
    signals._windows(shape, start, beside, wanted)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(wanted[:, 0], shape[start[0] : start[0] + steps] + beside)


def test_trials_are_those_that_they_have_always_been():
    """Published numbers rest on them: a generator or an order of draws that changes shows here."""
    task = nr.task("delayed_match_to_sample", delay=(0.2, 1.5))
    trials = task.trials(3, seed=5, first=200)
    assert trials.conditions["sample"].tolist() == [3, 7, 2]
    assert trials.conditions["delay"].tolist() == pytest.approx([0.28, 0.28, 1.15])
    found = trials.inputs[[0, 100, 250], [0, 1, 2], [0, 3, 8]]
    assert found.tolist() == pytest.approx([0.9514007344883296, 0.02540107418069566, -0.009626453474378703], rel=1e-14)
