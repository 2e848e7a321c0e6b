"""Forward pass, RFLO update and BPTT update of a batch of trials, against the matrix products alone.

    python benchmarks/updates.py [--quick] [--json]

The ceiling is T recurrent products for the forward pass, one product over trials x time more for an update, and T
products more for BPTT. Everything else, units, traces, readout, memory, is what keeps ``fraction`` below 1.
"""

from __future__ import annotations

from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
from report import main

from neurorec.timing.updates import STEPS, against_the_floor

SIZES = ((64, 1), (128, 32), (256, 1), (512, 64))  # units, trials


def measure(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return against_the_floor(*SIZES[0], steps=20, repeats=3, window=0.001)
    return [row for size in SIZES for row in against_the_floor(*size, STEPS, repeats=11, window=0.01)]


if __name__ == "__main__":
    main(measure, __doc__)
