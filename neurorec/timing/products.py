"""The floor: a network's matrix products alone, without units, traces or bookkeeping, by the fastest way we know.

Whatever an engine does, these it must do; time spent in them over time spent in all is the fraction of the ceiling.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numba
import numpy as np

from neurorec.formula.flags import FLAGS
from neurorec.timing.clock import side_by_side

Product = Callable[[np.ndarray, np.ndarray], object]  # of activity (steps, trials, units), into such an array

FEW = 4  # up to as many trials a product by hand may beat BLAS
PORTIONS = (2, 4, 8)  # trials at a time: OpenBLAS has kernels for small products that are twice as fast as its general one
SAMPLE, SAMPLED = 10, 2**25  # steps on which ways are compared: fewer beyond so many trials x synapses x steps
LINE = 64  # bytes of a cache line: arrays that begin on one are read up to half as fast again as those that do not


def recurrent_products(units: int, trials: int, steps: int, seed: int = 0) -> Callable[[], object]:
    """W o(t) for every step: products of (trials, units) and (units, units). As many are needed to go back by W^T.

    BLAS called from NumPy's own loop, from a compiled loop, or for a few trials at a time, with the weights in either
    order, and for few trials a product written by hand: whichever is fastest here. Activity of all steps is read and
    written as a network does it, so memory counts as well.
    """
    rng = np.random.default_rng(seed)
    x, w = _random(rng, steps, trials, units), _random(rng, units, units)
    out, ways = _aligned(steps, trials, units), _ways(w, trials)
    some = slice(max(1, min(SAMPLE, SAMPLED // (trials * units**2))))
    _same(ways, x[some], out[some])
    return partial(_fastest(ways, x[some], out[some]), x, out)


def _ways(rows: np.ndarray, trials: int) -> list[Product]:
    """All that give x @ rows.T."""
    columns = _aligned_copy(rows.T)
    portions = {trials, *(each for each in PORTIONS if each < trials)}
    ways: list[Product] = [lambda x, out, w=w: np.matmul(x, w, out=out) for w in (rows.T, columns)]
    ways += [lambda x, out, w=w, n=n: _by_blas(x, w, out, n) for w in (rows.T, columns) for n in sorted(portions)]
    if trials <= FEW:
        ways += [lambda x, out: _by_rows(x, rows, out), lambda x, out: _by_columns(x, columns, out)]
    return ways


def gathering_product(units: int, trials: int, steps: int, seed: int = 0) -> Callable[[], object]:
    """One product over trials x time, (units, trials steps) by (trials steps, units): the change of all recurrent weights."""
    rng = np.random.default_rng(seed)
    # Two different arrays: NumPy computes a.T @ a as a symmetric product, at half the cost.
    a, b = _random(rng, trials * steps, units), _random(rng, trials * steps, units)
    return partial(np.matmul, a.T, b, out=_aligned(units, units))


def copy(bytes_: int) -> Callable[[], object]:
    """Copy an array of that size: twice its bytes are moved."""
    source = _random(np.random.default_rng(0), bytes_ // 4)
    return partial(np.copyto, _aligned(source.size), source)


def _random(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return _aligned_copy(rng.standard_normal(shape, dtype=np.float32))


def _aligned_copy(array: np.ndarray) -> np.ndarray:
    out = _aligned(*array.shape)
    out[...] = array
    return out


def _aligned(*shape: int) -> np.ndarray:
    """An empty array that begins on a cache line."""
    raw = np.empty(4 * int(np.prod(shape)) + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : raw.size - LINE + start].view(np.float32).reshape(shape)


def _same(ways: list[Product], x: np.ndarray, out: np.ndarray) -> None:
    """All ways must give the same products, or the floor is none."""
    ways[0](x, out)
    expected = out.copy()
    for k, way in enumerate(ways):
        out[...] = np.nan
        way(x, out)
        if not np.allclose(out, expected, rtol=1e-3, atol=1e-4 * float(np.abs(expected).max())):
            raise ArithmeticError(f"way {k} gives another product than NumPy")


def _fastest(ways: list[Product], x: np.ndarray, out: np.ndarray) -> Product:
    taken = side_by_side({str(k): partial(way, x, out) for k, way in enumerate(ways)}, repeats=5, window=0.001)
    return ways[min(range(len(ways)), key=lambda k: np.median(taken[str(k)]))]


@numba.njit(**FLAGS)
def _by_blas(x: np.ndarray, w: np.ndarray, out: np.ndarray, at_a_time: int) -> None:
    for t in range(x.shape[0]):
        for b in range(0, x.shape[1], at_a_time):
            np.dot(x[t, b : b + at_a_time], w, out[t, b : b + at_a_time])


@numba.njit(**FLAGS)
def _by_rows(x: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    """One sum a unit."""
    for t in range(x.shape[0]):
        for b in range(x.shape[1]):
            for n in range(rows.shape[0]):
                total = np.float32(0)
                for m in range(rows.shape[1]):
                    total += rows[n, m] * x[t, b, m]
                out[t, b, n] = total


@numba.njit(**FLAGS)
def _by_columns(x: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
    """All units at once, one presynaptic unit after another."""
    for t in range(x.shape[0]):
        for b in range(x.shape[1]):
            out[t, b] = np.float32(0)
            for m in range(columns.shape[0]):
                scale = x[t, b, m]
                for n in range(columns.shape[1]):
                    out[t, b, n] += columns[m, n] * scale
