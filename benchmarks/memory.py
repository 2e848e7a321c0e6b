"""Peak memory of one RFLO update of a batch: it grows as trials x time x units, as traces (trials x units x units) would not.

    python benchmarks/memory.py [--quick] [--json]

Each size runs in a process of its own, once: what the process holds at most while it updates, less what it held
before. ``activity_mb`` is one array over time, trials and units, ``weights_mb`` one recurrent matrix: the peak is a few
of the former and one or two of the latter. ``trace_mb`` is what one trace per synapse and trial would take: more than the
peak where the network has more units than a few times the trial's steps, less in long trials of small networks, which
are among the sizes.
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

SIZES = (  # units, trials, steps
    (256, 8, 100), (256, 32, 100), (256, 128, 100), (512, 32, 100), (1024, 32, 100), (1024, 32, 400), (1024, 128, 100), (2048, 8, 100), (2048, 32, 100),
)  # fmt: skip
MB = 1e6


def measure(quick: bool) -> list[dict[str, Any]]:
    return [_row(*size) for size in (SIZES[1:2] if quick else SIZES)]


def _row(units: int, trials: int, steps: int) -> dict[str, Any]:
    code = [sys.executable, __file__, "--one", str(units), str(trials), str(steps)]
    # Every array is asked for and given back at once: none hides in what an earlier one left behind.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    peak = json.loads(subprocess.run(code, check=True, capture_output=True, text=True, env=environment).stdout)
    activity = 4 * steps * trials * units / MB
    return {
        "units": units, "trials": trials, "steps": steps, "peak_mb": peak / MB, "activity_mb": activity, "weights_mb": 4 * units**2 / MB,
        "trace_mb": 4 * trials * units**2 / MB,
    }  # fmt: skip


def one(units: int, trials: int, steps: int) -> None:
    """In a process of its own: print how many bytes an update takes at most."""
    Workload(2, trials, steps=2).update("rflo")  # compiled
    work = Workload(units, trials, steps)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is held now
    before = _kilobytes("VmRSS")
    work.update("rflo")
    print(1024 * (_kilobytes("VmHWM") - before))


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


if __name__ == "__main__":
    if "--one" in sys.argv:
        one(*map(int, sys.argv[-3:]))
    else:
        main(measure, __doc__)
