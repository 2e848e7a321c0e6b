"""Weights that change at every step: what each way takes, and which one the engine's cost model chooses.

    python benchmarks/step_ways.py [--quick] [--json]

`neurorec.engines.numba.per_step.costs` chooses; this shows by how much it is wrong. A column for each way, microseconds a
time step for all trials together; ``lost`` is the chosen way's time over the best one's. The way by which any optimiser
goes, "causal", is never the fastest and is left out.
"""

from __future__ import annotations

import itertools
from typing import Any

import one_thread  # noqa: F401 - first, or the libraries have counted the cores already

# isort: split
import numpy as np
from report import main

from neurorec.engines.numba import NumbaEngine
from neurorec.engines.numba.per_step import costs
from neurorec.timing import side_by_side
from neurorec.timing.workload import Workload

WAYS = ("fused", "low_rank")
UNITS, TRIALS, STEPS = (16, 32, 64, 128, 256, 512, 1024, 2048), (1, 2, 8), (50, 200, 1000)
LARGEST = 1e9  # synapses x trials x steps: what takes a way about a second


def measure(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [_one(16, 1, 20, repeats=3)]
    sizes = itertools.product(TRIALS, UNITS, STEPS)
    return [_one(n, b, t, repeats=5) for b, n, t in sizes if n * n * b * t <= LARGEST]


def _one(units: int, trials: int, steps: int, repeats: int) -> dict[str, Any]:
    jobs = {}
    for way in WAYS:
        work = Workload(units, trials, steps)
        work.engine = NumbaEngine(per_step=way)
        jobs[way] = lambda work=work: work.online("rflo")
    taken = {way: float(np.median(each)) / steps * 1e6 for way, each in side_by_side(jobs, repeats, window=0.003).items()}
    model = costs(Workload(units, trials, 1).network, steps, trials)
    choice = min(WAYS, key=model.__getitem__)
    return {"units": units, "trials": trials, "steps": steps, **taken, "chosen": choice, "lost": taken[choice] / min(taken.values())}


if __name__ == "__main__":
    main(measure, __doc__)
