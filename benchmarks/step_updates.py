"""RFLO with weights that change at every step, against the matrix-vector products alone.

    python benchmarks/step_updates.py [--quick] [--json]

Here weights and traces are read and written at every step, or, in large networks, kept as sums over past steps: memory,
which the ceiling of T matrix-vector products does not count, is the larger part of the work.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
from report import main

from neurorec.timing import side_by_side
from neurorec.timing.products import recurrent_products
from neurorec.timing.updates import STEPS, row
from neurorec.timing.workload import Workload, online_deviation

SIZES = {64: STEPS, 128: STEPS, 256: STEPS, 512: STEPS, 1024: STEPS, 2048: STEPS, 4096: 50}  # units: steps
CHECKED_STEPS = 3


def measure(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [_one(64, steps=20, repeats=3, window=0.001)]
    return [_one(units, steps, repeats=11 if units <= 1024 else 5, window=0.01) for units, steps in SIZES.items()]


def _one(units: int, steps: int, repeats: int, window: float) -> dict[str, Any]:
    wrong, work = online_deviation(units, "rflo", CHECKED_STEPS), Workload(units, 1, steps)
    jobs = {"products": recurrent_products(units, 1, steps), "rflo": lambda: work.online("rflo")}
    taken = side_by_side(jobs, repeats, window)
    what = {"units": units, "trials": 1, "steps": steps, "work": "rflo, every step"}
    return {**row(what, taken["products"], taken["rflo"], steps), "deviation": wrong}


if __name__ == "__main__":
    main(measure, __doc__)
