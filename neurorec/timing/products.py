"""The floor: a network's matrix products alone, without units, traces or bookkeeping, by the fastest way we know.

Whatever an engine does, these it must do; time spent in them over time spent in all is the fraction of the ceiling.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from neurorec.arrays import aligned
from neurorec.engines.numba.compile import products
from neurorec.formula.entry import FLAGS
from neurorec.timing.clock import side_by_side

Product = Callable[[np.ndarray, np.ndarray], object]  # of activity (steps, trials, units), into such an array

FEW = 4  # up to as many trials a product by hand may beat BLAS
PORTIONS = (2, 4, 8)  # trials at a time: OpenBLAS has kernels for small products that are twice as fast as its general one
SAMPLE, SAMPLED = 10, 2**25  # steps on which ways are compared: fewer beyond so many trials x synapses x steps


def recurrent_products(units: int, n_trials: int, steps: int, seed: int = 0) -> Callable[[], object]:
    """W o(t) for every step: products of (trials, units) and (units, units). As many are needed to go back by W^T.

    BLAS called from NumPy's own loop, from a compiled loop, or for a few trials at a time, with the weights in either
    order, for few trials a product written by hand, and the engine's own products: whichever is fastest here. Activity of all steps is read and
    written as a network does it, so memory counts as well.
    """
    rng = np.random.default_rng(seed)
    x, w = _random(rng, steps, n_trials, units), _random(rng, units, units)
    out, ways = aligned((steps, n_trials, units), np.float32), _ways(w, n_trials)
    some = slice(max(1, min(SAMPLE, SAMPLED // (n_trials * units**2))))
    _same(ways, x[some], out[some])
    return partial(_fastest(ways, x[some], out[some]), x, out)


def _ways(rows: np.ndarray, n_trials: int) -> list[Product]:
    """All that give x @ rows.T."""
    columns = _aligned_copy(rows.T)
    portions = {n_trials, *(each for each in PORTIONS if each < n_trials)}
    ways: list[Product] = [lambda x, out, w=w: np.matmul(x, w, out=out) for w in (rows.T, columns)]
    ways += [lambda x, out, w=w, n=n: _by_blas(x, w, out, n) for w in (rows.T, columns) for n in sorted(portions)]
    packed = aligned((1, *products().packed_shape(*columns.shape, columns.dtype)), np.float32)
    products().pack(columns, packed[0])
    ways.append(lambda x, out: _own().every_step(x, packed, out))
    if n_trials <= FEW:
        ways += [lambda x, out: _by_rows(x, rows, out), lambda x, out: _by_columns(x, columns, out)]
    return ways


def against_plain_loops(units: int, n_trials: int, steps: int, repeats: int = 9, window: float = 0.003) -> dict[str, np.ndarray]:
    """What the engine's product takes, and the same product without it.

    Returns
    -------
    dict of str to (repeats,) array
        Seconds a step, of (n_trials, units) by (units, units): ``engine``, the weights packed before; ``engine_and_packing``, packed once in
        `steps` steps; loops that Numba compiles, ``loop_by_rows`` with a sum a unit and ``loop_by_columns`` with all units at once;
        ``blas``, one call a step from a compiled loop.
    """
    rng = np.random.default_rng(0)
    x, rows = _random(rng, steps, n_trials, units), _random(rng, units, units)
    columns, out, pack = _aligned_copy(rows.T), aligned(x.shape, np.float32), products().pack
    packed = aligned((1, *products().packed_shape(*columns.shape, columns.dtype)), np.float32)
    pack(columns, packed[0])
    jobs = {
        "engine": lambda: _own().every_step(x, packed, out),
        "engine_and_packing": lambda: (pack(columns, packed[0]), _own().every_step(x, packed, out)),
        "loop_by_rows": lambda: _by_rows(x, rows, out),
        "loop_by_columns": lambda: _by_columns(x, columns, out),
        "blas": lambda: _by_blas(x, columns, out, n_trials),
    }
    return {name: each / steps for name, each in side_by_side(jobs, repeats, window).items()}


def gathering_product(units: int, n_trials: int, steps: int, seed: int = 0) -> Callable[[], object]:
    """One product over trials x time, (units, trials steps) by (trials steps, units): the change of all recurrent weights.

    By BLAS or by the engine's own product, whichever is faster here.
    """
    rng = np.random.default_rng(seed)
    # Two different arrays: NumPy computes a.T @ a as a symmetric product, at half the cost.
    a, b = _random(rng, n_trials * steps, units), _random(rng, n_trials * steps, units)
    ways: list[Product] = [lambda x, out: np.matmul(x.T, b, out=out), lambda x, out: _own().gathered(x, b, out)]
    out = aligned((units, units), np.float32)
    _same(ways, a, out)
    return partial(_fastest(ways, a, out), a, out)


def ceilings() -> dict[str, float]:
    """What one thread of this machine can do: GFLOP/s of a matrix product and of a matrix-vector product by BLAS, GB/s of a copy."""
    rng, units = np.random.default_rng(0), 512
    a, b = _random(rng, units, units), _random(rng, units, units)
    product, vector = aligned((units, units), np.float32), aligned((units,), np.float32)
    jobs = {
        "sgemm_gflop_per_s": (partial(np.matmul, a, b, out=product), 2e-9 * units**3),
        "matvec_gflop_per_s": (partial(np.matmul, a, b[0], out=vector), 2e-9 * units**2),
        "copy_gb_per_s": (copy(2**22), 2e-9 * 2**22),
    }
    with threadpool_limits(1):
        taken = side_by_side({name: job for name, (job, _) in jobs.items()}, repeats=5, window=0.002)
    return {name: round(work / float(np.median(taken[name])), 1) for name, (_, work) in jobs.items()}


def copy(bytes_: int) -> Callable[[], object]:
    """Copy an array of that size: twice its bytes are moved."""
    source = _random(np.random.default_rng(0), bytes_ // 4)
    return partial(np.copyto, aligned(source.shape, np.float32), source)


def _random(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return _aligned_copy(rng.standard_normal(shape, dtype=np.float32))


def _aligned_copy(array: np.ndarray) -> np.ndarray:
    out = aligned(array.shape, np.float32)
    out[...] = array
    return out


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


class _Own(NamedTuple):
    every_step: Callable
    gathered: Callable


@lru_cache(maxsize=1)
def _own() -> _Own:
    """The engine's products in the loops that are timed."""
    own = products()
    multiply, gather_some, room_for, depth = own.multiply, own.gather_some, own.room_for, own.DEPTH

    @numba.njit(**FLAGS)
    def every_step(x, packed, out):
        n_trials, units, received, w, made = x.shape[1], x.shape[2], x.reshape(-1), packed.reshape(-1), out.reshape(-1)
        for t in range(x.shape[0]):
            multiply(received, t * n_trials * units, w, np.intp(0), units, made, t * n_trials * units, n_trials, units, np.intp(0))

    @numba.njit(**FLAGS)
    def gathered(a, b, out):
        room = room_for(a.shape[1], a)
        for row in range(0, a.shape[0], depth):
            gather_some(a, np.intp(0), a.shape[1], b, row, min(depth, a.shape[0] - row), room, out, np.intp(min(row, 1)))

    return _Own(every_step, gathered)


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
