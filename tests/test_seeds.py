"""The generators of many trials at once are those of one by one: NumPy's own."""

import pickle

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from neurorec.random_numbers.derived_seeds import LARGEST
from neurorec.random_numbers.seeds import generator, generators


@given(seed=st.integers(0, 2**200), branch=st.integers(0, 4), first=st.integers(0, LARGEST), n=st.integers(0, 4))
@example(seed=0, branch=0, first=0, n=2)
@example(seed=2**128 - 1, branch=1, first=LARGEST - 1, n=4)  # beyond one word
@example(seed=2**128, branch=1, first=7, n=1)  # a fifth word of entropy
def test_together_they_are_those_of_one_by_one(seed, branch, first, n):
    together = list(generators(seed, branch, first, n))
    assert len(together) == n
    for number, rng in enumerate(together, first):
        alone = generator(seed, branch, number)
        assert rng.bit_generator.state == alone.bit_generator.state
        assert rng.spawn(1)[0].bit_generator.state == alone.spawn(1)[0].bit_generator.state


def test_one_can_be_pickled_and_asked_for_other_words():
    (rng,) = generators(3, 1, 5, 1)
    assert pickle.loads(pickle.dumps(rng)).random() == generator(3, 1, 5).random()
    np.testing.assert_array_equal(rng.bit_generator.seed_seq.generate_state(3), generator(3, 1, 5).bit_generator.seed_seq.generate_state(3))
