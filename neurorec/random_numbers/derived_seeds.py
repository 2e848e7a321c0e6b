"""Seed sequences of many trials at once: NumPy's hash of a seed, over an array of trial numbers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

# NumPy's SeedSequence (its numbers are stable by NEP 19; after O'Neill's seed_seq_fe): hashing the entropy, and hashing the pool into words.
_HASH, _HASH_MULTIPLIER = 0x43B0D7E5, 0x931E8875
_WORD, _WORD_MULTIPLIER = 0x8B51F9DD, 0x58F38DED
_LEFT, _RIGHT, _SHIFT, _POOL = np.uint32(0xCA01F9DD), np.uint32(0x4973F715), np.uint32(16), 4
LARGEST = 2**32 - 1  # a number that is one word


class DerivedSeed(np.random.bit_generator.ISpawnableSeedSequence):
    """``SeedSequence(seed, spawn_key=(branch, number))`` whose first four words are known already.

    Parameters
    ----------
    address : (int, int, int)
        Seed, branch and number.
    words : (4,) uint64 array
        What a PCG64 asks for.
    """

    def __init__(self, address: tuple[int, int, int], words: np.ndarray):
        self.address, self.words = address, words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        """As of NumPy's own."""
        if n_words == len(self.words) and np.dtype(dtype) == self.words.dtype:
            return self.words
        return self.whole.generate_state(n_words, dtype)

    def spawn(self, n_children: int) -> list[np.random.SeedSequence]:
        """As of NumPy's own."""
        return self.whole.spawn(n_children)

    @cached_property
    def whole(self) -> np.random.SeedSequence:
        """NumPy's own."""
        seed, *spawn_key = self.address
        return np.random.SeedSequence(seed, spawn_key=tuple(spawn_key))


def words(seed: int, branch: int, numbers: np.ndarray) -> np.ndarray:
    """What ``SeedSequence(seed, spawn_key=(branch, number)).generate_state(4, uint64)`` gives for each number, (n, 4).

    Parameters
    ----------
    seed, branch : int
        The root and its branch.
    numbers : (n,) uint32 array
        The last word of the entropy, the only one in which trials differ: NumPy hashes the others.
    """
    root = np.random.SeedSequence(seed, spawn_key=(branch,))
    hashed = _POOL**2 + _POOL * (max(_POOL, -(-seed.bit_length() // 32)) + 1 - _POOL)  # words before this one
    constants = _constants(_HASH * pow(_HASH_MULTIPLIER, hashed, 2**32), _HASH_MULTIPLIER, _POOL)
    pool = _folded(_LEFT * root.pool[:, None] - _RIGHT * _hashed(numbers, constants))  # (4, n)
    state = _hashed(np.concatenate([pool, pool]), _constants(_WORD, _WORD_MULTIPLIER, 2 * _POOL))
    return np.ascontiguousarray(state.T).view(np.uint64)


def _constants(first: int, multiplier: int, count: int) -> np.ndarray:
    """Of `count` hashes in turn, and the one after them, (count + 1, 1)."""
    return np.array([[first * pow(multiplier, k, 2**32) % 2**32] for k in range(count + 1)], np.uint32)


def _hashed(values: np.ndarray, constants: np.ndarray) -> np.ndarray:
    """Each row hashed with a constant and the following one, (count, n)."""
    mixed = values ^ constants[:-1]
    mixed *= constants[1:]
    return _folded(mixed)


def _folded(value: np.ndarray) -> np.ndarray:
    return value ^ (value >> _SHIFT)
