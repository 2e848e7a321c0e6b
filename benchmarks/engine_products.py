"""What the engine's own product gains over plain compiled loops and over BLAS: docs/engines.rst shows the table.

    python benchmarks/engine_products.py [--out data/engine_products.json] [--quick] [--json]

Microseconds a step of the recurrent product alone, (B, N) by (N, N), all ways in turn on one thread. ``gain`` is the better of the two plain
loops over the product with its packing, ``over_columns`` the loop that adds in the product's order over the same, and so gives the same bits,
``over_blas`` one call of BLAS a step over the same: medians of the ratios, with quartiles.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main_of_file

from neurorec.timing import ratio
from neurorec.timing.products import against_plain_loops

UNITS, TRIALS, STEPS = (32, 128, 512), (1, 32), 200
REPEATS, WINDOW = 51, 0.001  # many short ones: a shared core changes its speed from one moment to the next
LOOPS = ("loop_by_rows", "loop_by_columns")


def measure(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [row(16, 1, 10, repeats=3)]
    return [row(n, b, STEPS, REPEATS) for n in UNITS for b in TRIALS]


def row(units: int, trials: int, steps: int, repeats: int) -> dict[str, Any]:
    taken = against_plain_loops(units, trials, steps, repeats, WINDOW)
    loop, whole = min((taken[name] for name in LOOPS), key=np.median), taken["engine_and_packing"]
    gains = {"gain": ratio(loop, whole), "over_columns": ratio(taken["loop_by_columns"], whole), "over_blas": ratio(taken["blas"], whole)}
    us = {f"{name}_us": float(np.median(each)) * 1e6 for name, each in taken.items()}
    spread = {f"{name}{end}": value for name, gain in gains.items() for end, value in zip(("", "_low", "_high"), gain, strict=True)}
    return {"units": units, "trials": trials, **us, **spread}


if __name__ == "__main__":
    main_of_file(measure, __doc__, "engine_products")
