"""What this machine can do: products and copies alone, as the other benchmarks use them for their floor.

    python benchmarks/ceilings.py [--quick] [--json]

A product of one trial is a matrix-vector product, bound by the rate at which weights are read; larger batches approach
the rate of a large product.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
from report import main

from neurorec.timing import Spread, side_by_side
from neurorec.timing.products import copy, gathering_product, recurrent_products

SIZES = ((64, 1), (128, 32), (256, 1), (512, 64))  # units, trials: as in updates.py
SQUARES = (512, 1024)  # the rate that no smaller product reaches
STEPS = 200
COPIES = (2**18, 2**22, 2**27)  # bytes, and as many written: within the second cache, within the third, in memory


def measure(quick: bool) -> list[dict[str, Any]]:
    sizes, steps, copies = (SIZES[:2], 20, COPIES[:2]) if quick else (SIZES, STEPS, COPIES)
    repeats, window = (3, 0.001) if quick else (11, 0.01)
    return [*_products(sizes, steps, repeats, window), *_copies(copies, repeats, window)]


def _products(sizes: tuple, steps: int, repeats: int, window: float) -> list[dict[str, Any]]:
    jobs = {("recurrent", *size): recurrent_products(*size, steps) for size in sizes}
    jobs |= {("gathering", *size): gathering_product(*size, steps) for size in sizes}
    jobs |= {("square", n, n): gathering_product(n, n, 1) for n in SQUARES}
    taken = side_by_side({str(key): job for key, job in jobs.items()}, repeats, window)
    rows = []
    for name, units, trials in jobs:
        rate = Spread.of(_operations(name, units, trials, steps) / taken[str((name, units, trials))] / 1e9)
        rows.append({"product": name, "units": units, "trials": trials, "gflop_per_s": rate.median, "low": rate.low, "high": rate.high})
    return rows


def _operations(name: str, units: int, trials: int, steps: int) -> float:
    return 2.0 * units**2 * trials * (1 if name == "square" else steps)


def _copies(sizes: tuple, repeats: int, window: float) -> list[dict[str, Any]]:
    taken = side_by_side({str(size): copy(size) for size in sizes}, repeats, window)
    rates = {size: Spread.of(2 * size / taken[str(size)] / 1e9) for size in sizes}  # read and written
    return [{"copy_bytes": size, "gb_per_s": rate.median, "low": rate.low, "high": rate.high} for size, rate in rates.items()]


if __name__ == "__main__":
    main(measure, __doc__)
