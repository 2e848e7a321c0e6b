"""Peak memory of one RFLO update of a batch: it grows as trials x time x units, as traces (trials x units x units) would not.

    python benchmarks/memory.py [--quick] [--json]

Each size runs in a process of its own, once: what the process holds at most while it updates, less what it held
before. ``activity_mb`` is one array over time, trials and units, ``weights_mb`` one recurrent matrix: the peak is a few
of the former and one or two of the latter. ``trace_mb`` is what one trace per synapse and trial would take.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
from report import main

from neurorec.timing.workload import Workload

STEPS = 100
SIZES = tuple((units, trials) for units in (256, 1024) for trials in (8, 16, 32, 64))
MB = 1e6


def measure(quick: bool) -> list[dict[str, Any]]:
    return [_row(*size) for size in (SIZES[3:4] if quick else SIZES)]


def _row(units: int, trials: int) -> dict[str, Any]:
    code = [sys.executable, __file__, "--one", str(units), str(trials)]
    # Every array is asked for and given back at once: none hides in what an earlier one left behind.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    peak = json.loads(subprocess.run(code, check=True, capture_output=True, text=True, env=environment).stdout)
    activity = 4 * STEPS * trials * units / MB
    return {
        "units": units, "trials": trials, "peak_mb": peak / MB, "activity_mb": activity, "weights_mb": 4 * units**2 / MB,
        "trace_mb": 4 * trials * units**2 / MB,
    }  # fmt: skip


def one(units: int, trials: int) -> None:
    """In a process of its own: print how many bytes an update takes at most."""
    Workload(2, trials, steps=2).update("rflo")  # compiled
    work = Workload(units, trials, STEPS)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is held now
    before = _kilobytes("VmRSS")
    work.update("rflo")
    print(1024 * (_kilobytes("VmHWM") - before))


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


if __name__ == "__main__":
    if "--one" in sys.argv:
        one(*map(int, sys.argv[-2:]))
    else:
        main(measure, __doc__)
