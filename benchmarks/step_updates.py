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

from neurorec.timing.updates import STEPS, every_step

SIZES = {64: STEPS, 128: STEPS, 256: STEPS, 512: STEPS, 1024: STEPS, 2048: STEPS, 4096: 50}  # units: steps
MANY = 1024  # units: more take seconds a repeat


def measure(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [every_step(64, steps=20, repeats=3, window=0.001)]
    return [every_step(units, steps, repeats=11 if units <= MANY else 5, window=0.01) for units, steps in SIZES.items()]


if __name__ == "__main__":
    main(measure, __doc__)
