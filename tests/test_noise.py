"""Private noise is a function of seed, trial, step, drive and unit, and normal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

import neurorec as nr
from neurorec.random_numbers.noise import PrivateNoise, private_noise
from neurorec.random_numbers.philox import philox


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_generator_gives_its_authors_numbers(counter, key, words):
    """The known answers that come with Random123."""
    assert tuple(map(int, philox(*map(np.uint64, (*counter, *key))))) == words


def test_numbers_are_normal_and_unlike_their_neighbours():
    drawn = PrivateNoise((3, 4), 0, 0, 400, 5, 50, 2.0).rows(np.float64)
    assert kstest(drawn.ravel() / 2, "norm").pvalue > 1e-3
    for axis in range(3):
        ahead, behind = (np.moveaxis(drawn, axis, 0)[part].ravel() for part in (slice(1, None), slice(None, -1)))
        assert abs(np.corrcoef(ahead, behind)[0, 1]) < 5 / np.sqrt(len(ahead))


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 9), st.data())
@settings(max_examples=30, deadline=None)
def test_any_part_of_it_can_be_had_by_itself(steps, trials, width, data):
    whole = PrivateNoise((5, 6), 10, 2**32 - 5, steps, trials, width, 0.3)
    start = data.draw(st.integers(0, steps))
    stop = data.draw(st.integers(start, steps))
    one = data.draw(st.integers(0, trials - 1))
    assert np.array_equal(whole.window(start, stop).rows(np.float32), whole.rows(np.float32)[start:stop])
    alone = PrivateNoise((5, 6), 10 + one, 2**32 - 5, steps, 1, width, 0.3)
    assert np.array_equal(alone.rows(np.float32)[:, 0], whole.rows(np.float32)[:, one])


def test_a_step_moves_a_unit_less_the_shorter_it_is():
    """White noise: its variance in a step is noise^2 / dt."""
    net = nr.Network.random(1, 20, 1, noise=0.1, dt=0.01)
    drawn = private_noise(net, 500, 2, seed=0, first=0)
    assert drawn is not None
    assert drawn.rows(np.float64).std() == pytest.approx(0.1 / np.sqrt(0.01), rel=0.02)
    assert private_noise(net.replace(noise=0.0), 5, 2, seed=0, first=0) is None


def test_another_seed_gives_other_noise():
    net = nr.Network.random(1, 20, 1, noise=0.1)
    a, b = (private_noise(net, 5, 2, seed, 0) for seed in (0, 1))
    assert a is not None and b is not None
    assert not np.any(a.rows(np.float32) == b.rows(np.float32))
