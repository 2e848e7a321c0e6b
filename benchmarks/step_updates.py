"""RFLO with weights that change at every step, against the matrix-vector products alone.

    python benchmarks/step_updates.py [--quick] [--json]

In a small network every synapse carries its trace through time, so weights and traces are read and written at every step:
memory, which the ceiling of T matrix-vector products does not count, is the larger part of the work. Large networks go
without traces; what each way takes, `step_ways.py` says.
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

UNITS = (64, 256, 1024, 2048)


def measure(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [_one(UNITS[0], steps=20, repeats=3, window=0.001)]
    return [_one(units, STEPS, repeats=11, window=0.01) for units in UNITS]


def _one(units: int, steps: int, repeats: int, window: float) -> dict[str, Any]:
    wrong, work = online_deviation(units, "rflo"), Workload(units, 1, steps)
    jobs = {"products": recurrent_products(units, 1, steps), "rflo": lambda: work.online("rflo")}
    taken = side_by_side(jobs, repeats, window)
    found = row({"units": units, "work": "rflo, every step"}, taken["products"], taken["rflo"], steps)
    return {**found, "deviation": wrong}


if __name__ == "__main__":
    main(measure, __doc__)
