"""Random numbers of many trials, each of which has a generator of its own, so that it is the same whatever else is drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np

Shape = int | tuple[int, ...]


class AbstractStreams(ABC):
    """One generator a trial, asked all together.

    Methods are those of `numpy.random.Generator`, and so are the numbers of each trial. What is one number there is here one a trial, (B,);
    an array of shape (T, ...) there is here (T, B, ...), time-major, as trials are. Trials that draw fewer say so in ``counts``: (B,) whole
    numbers or booleans, how many of the first axis (of single numbers: whether any) are drawn. The others are 0.

    Attributes
    ----------
    count : int
        Number of trials B.
    """

    count: int

    @abstractmethod
    def random(self, shape: Shape = (), dtype: Any = np.float64, counts: Any = None) -> np.ndarray:
        """Uniform numbers in [0, 1), float64 or float32."""

    @abstractmethod
    def standard_normal(self, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """Normal numbers of mean 0 and standard deviation 1."""

    @abstractmethod
    def integers(self, low: int, high: int, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """Whole numbers from `low` to ``high - 1``, each as likely; fewer than 2^32 of them."""

    @abstractmethod
    def geometric(self, p: float, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """Trials up to and with the first success, each of probability `p`; from 1."""


@final
class OneByOne(AbstractStreams):
    """Generators of NumPy's, asked one after another: the definition of what others draw.

    Parameters
    ----------
    generators : sequence of numpy.random.Generator
    """

    def __init__(self, generators: Sequence[np.random.Generator]):
        self._generators, self.count = generators, len(generators)

    def random(self, shape: Shape = (), dtype: Any = np.float64, counts: Any = None) -> np.ndarray:
        """As of every one of them."""
        return self._drawn(shape, counts, dtype, lambda rng, size: rng.random(size, dtype))

    def standard_normal(self, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """As of every one of them."""
        return self._drawn(shape, counts, np.float64, lambda rng, size: rng.standard_normal(size))

    def integers(self, low: int, high: int, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """As of every one of them."""
        return self._drawn(shape, counts, np.int64, lambda rng, size: rng.integers(low, high, size))

    def geometric(self, p: float, shape: Shape = (), counts: Any = None) -> np.ndarray:
        """As of every one of them."""
        return self._drawn(shape, counts, np.int64, lambda rng, size: rng.geometric(p, size))

    def _drawn(self, shape: Shape, counts: Any, dtype: Any, draw: Callable[[np.random.Generator, tuple[int, ...]], Any]) -> np.ndarray:
        rows, columns = rows_and_columns(shape)
        out = np.zeros((rows, self.count, *columns), dtype)
        for k, (rng, count) in enumerate(zip(self._generators, rows_each(counts, rows, self.count).tolist(), strict=True)):
            out[:count, k] = draw(rng, (count, *columns))
        return out if shape != () else out[0]


def rows_and_columns(shape: Shape) -> tuple[int, tuple[int, ...]]:
    """Of what one trial draws: length of the first axis, and the other axes; single numbers are one row."""
    first, *others = (shape,) if isinstance(shape, int) else shape or (1,)
    return first, tuple(others)


def rows_each(counts: Any, rows: int, count: int) -> np.ndarray:
    """How many rows each of `count` trials draws, (count,)."""
    return np.full(count, rows) if counts is None else np.asarray(counts, np.int64)
