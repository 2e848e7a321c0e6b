"""Recurrent weights of new networks: between all units as Murray (2019) draws them, or on a random pattern of synapses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np

from neurorec.arrays import number, positive, whole
from neurorec.errors import ValueRefused
from neurorec.formula.derive import Formula

LOT = 64  # rows of a matrix that are drawn at a time


class Synapses(Protocol):
    """How `recurrent` is drawn.

    Attributes
    ----------
    numbers : int
        Of 8 bytes that it takes while it is drawn, at most.
    """

    @property
    def numbers(self) -> int:
        """As above."""
        ...

    def drawn(self, rng: np.random.Generator) -> Any:
        """The weights."""
        ...


def synapses_between(
    formula: Formula, units: int, gain: float, spectral_radius: float | None, sparsity: float, density: float | None, degree: int | None
) -> Synapses:
    """From the arguments of `Network.random`.

    Raises
    ------
    ValueRefused
        If one is out of its range, or two exclude each other.
    """
    if not 0 <= sparsity < 1:
        raise ValueRefused(f"sparsity must lie in [0, 1), got {sparsity}; 0.9 leaves one connection in ten")
    shape = formula.n_drives * units, len(formula.emitted) * units
    if density is None and degree is None:
        return Everywhere(shape, units, gain, spectral_radius, sparsity)
    if sparsity or spectral_radius is not None or None not in (density, degree):
        raise ValueRefused(
            "density and degree exclude each other, sparsity and spectral_radius; take one of them, and gain for the strengths"
        )
    if degree is not None:
        if whole("degree", degree) > shape[1]:
            raise ValueRefused(f"degree must be at most {shape[1]}, the number of outputs that a unit can receive, got {degree}")
        return FixedDegree(shape, degree, gain * np.sqrt(shape[1] / (degree * units)))
    chance = number("density", 0.0 if density is None else density, 0)
    if not 0 < chance <= 1:
        raise ValueRefused(f"density must lie in (0, 1], got {density}; 0.01 makes one connection in a hundred")
    return Independent(shape, chance, gain / np.sqrt(chance * units))


@final
@dataclass(frozen=True)
class Everywhere:
    """N(0, gain^2 / N) between all units, some of them zero."""

    shape: tuple[int, int]
    units: int
    gain: float
    spectral_radius: float | None
    sparsity: float

    @property
    def numbers(self) -> int:
        """Twice as many as there are weights: they are drawn, then scaled."""
        return 2 * self.shape[0] * self.shape[1]

    def drawn(self, rng: np.random.Generator) -> np.ndarray:
        """A matrix."""
        recurrent = self.rows(rng, slice(0, self.units))
        return recurrent if self.spectral_radius is None else self._rescaled(recurrent, self.spectral_radius)

    def rows(self, rng: np.random.Generator, mine: slice) -> np.ndarray:
        """Of the matrix before it is rescaled, the rows of some units, in each drive; what is drawn of the others is forgotten."""
        recurrent = self._only(mine, rng.standard_normal, np.float64)
        recurrent *= self.gain / np.sqrt(self.units * (1 - self.sparsity))
        recurrent *= self._only(mine, lambda shape: rng.random(shape) >= self.sparsity, np.bool_)
        return recurrent

    def _only(self, mine: slice, draw: Callable[[tuple[int, int]], np.ndarray], dtype: Any) -> np.ndarray:
        (rows, columns), done = self.shape, 0
        kept = np.empty((rows // self.units * (mine.stop - mine.start), columns), dtype)
        for first in range(0, rows, LOT):
            lot = draw((min(LOT, rows - first), columns))
            unit = np.arange(first, first + len(lot)) % self.units
            own = lot[(unit >= mine.start) & (unit < mine.stop)]
            kept[done : done + len(own)], done = own, done + len(own)
        return kept

    def _rescaled(self, recurrent: np.ndarray, radius: float) -> np.ndarray:
        if recurrent.shape[1] != self.units:
            raise ValueRefused("spectral_radius needs a cell with one output; use gain")
        blocks = recurrent.reshape(-1, self.units, self.units)
        drawn = np.abs(np.linalg.eigvals(blocks)).max(axis=1)
        return (blocks * (positive("spectral_radius", radius) / drawn)[:, None, None]).reshape(recurrent.shape)


@final
@dataclass(frozen=True)
class Some:
    """Rows of some units, of those of all."""

    everywhere: Everywhere
    mine: slice

    @property
    def numbers(self) -> int:
        """Twice as many as there are weights here."""
        return self.everywhere.numbers // self.everywhere.units * (self.mine.stop - self.mine.start)

    def drawn(self, rng: np.random.Generator) -> np.ndarray:
        """A matrix; the generator is then where it would be after all rows."""
        return self.everywhere.rows(rng, self.mine)


@final
@dataclass(frozen=True)
class Independent:
    """Each synapse exists with a probability of its own, whatever the others do; strengths are N(0, width^2)."""

    shape: tuple[int, int]
    density: float
    width: float

    @property
    def numbers(self) -> int:
        """Places, gaps and strengths of about so many synapses."""
        return int(4 * self.density * self.shape[0] * self.shape[1])

    def drawn(self, rng: np.random.Generator) -> Any:
        """A sparse matrix, in memory that goes as its synapses: what is drawn is how far it is to the next one, row after row."""
        places = self._places(rng)
        return _matrix(self.shape, places // self.shape[1], places % self.shape[1], self.width, rng)

    def _places(self, rng: np.random.Generator) -> np.ndarray:
        """Numbers of the entries that exist, rising; between two of them lie geometrically many."""
        entries, mean = self.shape[0] * self.shape[1], self.density * self.shape[0] * self.shape[1]
        several, last = [], -1
        while last < entries:
            gaps = rng.geometric(self.density, int(mean + 4 * np.sqrt(mean)) + 1)
            several.append(last + np.cumsum(gaps))
            last = int(several[-1][-1])
        places = np.concatenate(several)
        return places[: np.searchsorted(places, entries)]


@final
@dataclass(frozen=True)
class FixedDegree:
    """Every row has equally many synapses, at random places; strengths are N(0, width^2)."""

    shape: tuple[int, int]
    degree: int
    width: float

    @property
    def numbers(self) -> int:
        """Places twice, and strengths."""
        return 4 * self.degree * self.shape[0]

    def drawn(self, rng: np.random.Generator) -> Any:
        """A sparse matrix; of rows that are more than half full, what is drawn is where there is no synapse."""
        rows, columns = self.shape
        few = min(self.degree, columns - self.degree)
        chosen = self._distinct(few, rng)
        if few < self.degree:
            absent = chosen
            chosen = np.stack([np.setdiff1d(np.arange(columns), row, assume_unique=True) for row in absent])
        post = np.repeat(np.arange(rows), self.degree)
        return _matrix(self.shape, post, chosen.ravel(), self.width, rng)

    def _distinct(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """So many different columns of each row, (rows, count), rising: those that came twice are drawn again until none does."""
        rows, columns = self.shape
        chosen = np.sort(rng.integers(columns, size=(rows, count)), axis=1)
        again = np.arange(rows)
        while len(again):
            twice = np.zeros((len(again), count), bool)
            twice[:, 1:] = np.diff(chosen[again], axis=1) == 0
            again, twice = again[twice.any(axis=1)], twice[twice.any(axis=1)]
            part = chosen[again]
            part[twice] = rng.integers(columns, size=int(twice.sum()))
            chosen[again] = np.sort(part, axis=1)
        return chosen


def _matrix(shape: tuple[int, int], post: np.ndarray, pre: np.ndarray, width: float, rng: np.random.Generator) -> Any:
    """Strengths at places that come row by row, rising within each."""
    from scipy.sparse import csr_array

    first = np.zeros(shape[0] + 1, np.int64)
    np.cumsum(np.bincount(post, minlength=shape[0]), out=first[1:])
    return csr_array((width * rng.standard_normal(len(pre)), pre.astype(np.int32), first), shape=shape)
