"""The streams of many trials in compiled code: NumPy's numbers to the bit, at a fraction of the time."""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType
from typing import Any, final

import numpy as np

from neurorec.formula.cache import package
from neurorec.formula.once import once
from neurorec.random_numbers.derived_seeds import LARGEST, words
from neurorec.random_numbers.seeds import generators
from neurorec.random_numbers.streams import AbstractStreams, OneByOne, Shape, rows_and_columns, rows_each

FEW = 64  # trials of a seed: who asks for no more has them from NumPy before compiled code would be loaded
LIKELY = 1 / 3  # successes, from which on NumPy looks for the first one by a search
SOURCES = "pcg64", "bounded", "ziggurat", "geometric", "together_loop"  # each after those that it imports


def streams(seed: int, branch: int, first: int, n: int) -> AbstractStreams:
    """Those of the numbers `first` to `first + n - 1` of a branch of the seed tree: who draws, NumPy or `Together`, changes no bit."""
    if first + n <= FEW or first + n - 1 > LARGEST:
        return OneByOne(list(generators(seed, branch, first, n)))
    return Together(words(seed, branch, np.arange(first, first + n, dtype=np.uint32)))


@final
class Together(AbstractStreams):
    """Generators of NumPy's kind (PCG64), drawn from in compiled code, which lets other threads run.

    Parameters
    ----------
    words : (n, 4) uint64 array
        What the seed sequence of each gives, as `neurorec.random_numbers.derived_seeds.words`.
    """

    def __init__(self, words: np.ndarray):
        self.count, self._streams = len(words), np.empty((len(words), 6), np.uint64)
        loops().begin(words, self._streams)

    def random(self, shape: Shape = (), dtype: Any = np.float64, counts: Any = None) -> np.ndarray:
        """As `OneByOne`."""
        draw = loops().units if np.dtype(dtype) == np.float64 else loops().single_units
        return self._drawn(shape, counts, dtype, draw)

    def standard_normal(self, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """As `OneByOne`."""
        return self._drawn(shape, counts, np.float64, loops().normals)

    def integers(self, low: int, high: int, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """As `OneByOne`."""
        return self._drawn(shape, counts, np.int64, loops().integers, np.int64(low), np.uint64(high - low))

    def geometric(self, p: float, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """As `OneByOne`."""
        draw = loops().likely_geometrics if p >= LIKELY else loops().unlikely_geometrics
        return self._drawn(shape, counts, np.int64, draw, float(p))

    def _drawn(self, shape: Shape, counts: Any, dtype: Any, draw: Any, *settings: Any) -> np.ndarray:
        rows, columns = rows_and_columns(shape)
        out = (np.empty if counts is None else np.zeros)((rows, self.count, *columns), dtype)
        draw(self._streams, rows_each(counts, rows, self.count), *settings, out.reshape(rows, self.count, math.prod(columns)))
        return out if shape != () else out[0]


@once(1)
def loops() -> ModuleType:
    """The compiled loops, in a package of its own; Numba is imported there, when many trials are drawn."""
    sources = {name: Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in SOURCES}
    return package(sources).together_loop
