"""One seed fixes everything: a tree of independent generators, each addressed by what it is for and by the trial's number."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurorec.errors import ValueRefused
from neurorec.random_numbers.derived_seeds import LARGEST, DerivedSeed, words

NETWORK, TASK, NOISE, ORDER, LOOP = range(5)  # branches of the tree; their order is part of the run file's format


def entropy(seed: int | None) -> int:
    """The number that is stored with a run: the seed, or fresh entropy where there is none.

    Raises
    ------
    ValueRefused
        If the seed is no non-negative integer.
    """
    if seed is None:
        return secrets.randbits(128)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueRefused(f"seed must be a whole number from 0, got {seed!r}; pass seed=0, or None for a fresh one")
    return int(seed)


def generator(seed: int, branch: int, number: int = 0) -> np.random.Generator:
    """The generator of one trial (or network), the same whatever else was drawn before.

    Parameters
    ----------
    seed : int
        The root.
    branch : int
        `NETWORK`, `TASK`, `NOISE`, `ORDER` or `LOOP`.
    number : int
        Which trial, counted from 0.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(branch, number))))


def generators(seed: int, branch: int, first: int, n: int) -> Iterator[np.random.Generator]:
    """`generator` for the numbers `first` to `first + n - 1`, their seeds hashed together: a tenth of the time."""
    if first + n - 1 > LARGEST:
        yield from (generator(seed, branch, first + k) for k in range(n))
        return
    for number, row in enumerate(words(seed, branch, np.arange(first, first + n, dtype=np.uint32)), first):
        derived: Any = DerivedSeed((seed, branch, number), row)  # NumPy takes any ISeedSequence; its stub leaves that out
        yield np.random.Generator(np.random.PCG64(derived))
