"""How much of what could be tested is: what CI has time for, or, in `make test-thorough`, every combination and many examples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("NEUROREC_TESTS") == "thorough"


def examples(few: int) -> settings:
    """So many examples of a test, of which each is expensive; ten times as many where tests are thorough."""
    return settings(max_examples=10 * few if THOROUGH else few, suppress_health_check=[HealthCheck.too_slow])


def crossed(*choices: Sequence[Any]) -> list[tuple]:
    """All combinations of some choices where tests are thorough, else so many that every two of them meet.

    What goes wrong, goes wrong for a choice or between two of them; three that fail only together are rare.
    """
    return list(product(*choices)) if THOROUGH else every_pair(*choices)


def every_pair(*choices: Sequence[Any]) -> list[tuple]:
    """Combinations in which every two choices meet: again and again the one in which the most do that have not met."""
    rows = [frozenset(combinations(enumerate(row), 2)) for row in product(*(range(len(each)) for each in choices))]
    missing, found = frozenset().union(*rows), []
    while missing:
        best = max(rows, key=lambda row: len(row & missing))
        missing -= best
        found.append(tuple(choices[place][number] for place, number in sorted(set().union(*best))))
    return found
