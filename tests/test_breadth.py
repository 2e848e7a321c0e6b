"""What CI leaves out of all combinations is no pair."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from breadth import every_pair


@pytest.mark.parametrize("counts", [(1, 1), (3, 2), (12, 7, 3), (4, 4, 4, 2), (2, 2, 2, 2, 2)])
def test_every_two_choices_meet(counts):
    choices = [[f"{place}.{number}" for number in range(count)] for place, count in enumerate(counts)]
    rows = every_pair(*choices)
    met = {pair for row in rows for pair in combinations(row, 2)}
    assert met == {pair for two in combinations(choices, 2) for pair in product(*two)}
    assert set(rows) <= set(product(*choices))
    most = sorted(counts)[-2:]
    assert len(rows) <= 1.6 * most[0] * most[1]  # of which no way to do it needs fewer


def test_the_same_ones_on_every_worker():
    assert every_pair("abc", "de", "fg") == every_pair("abc", "de", "fg")
